package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.LinkCalls;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.Threads;
import dev.lockstep.protocol.tls.Credentials;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections that never become any keep nobody out. */
class HostileConnectionsTest {

    private static final NodeId NODE = new NodeId("n1");
    private static final int HALF_OPEN = 5_000;
    private static final int ANSWERS = 20;

    @TempDir
    static Path folder;

    private static NettyListener listener(@Nullable Tls tls, Duration handshake) throws IOException {
        RequestServer server = (peer, replies) -> new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                replies.send(correlationId, new Reply.Done());
            }

            @Override
            public void closed() {}
        };
        return new NettyListener(
                "127.0.0.1",
                0,
                "demo",
                () -> NodeIdentity.untold(NODE),
                FrameCodec.DEFAULT_MAX_BYTES,
                server,
                tls == null ? null : new NettyListener.Encryption(tls, (node, names) -> true),
                handshake);
    }

    /** A connection from an address of this machine that shakes no hands. */
    private static Socket stranger(NettyListener listener, String from) throws IOException {
        Socket socket = new Socket("127.0.0.1", listener.port(), InetAddress.getByName(from), 0);
        socket.setSoTimeout(30_000);
        socket.setTcpNoDelay(true);
        return socket;
    }

    @Test
    void aByteNowAndThenDoesNotExtendTheHandshake() throws Exception {
        Duration handshake = Duration.ofSeconds(1);
        try (NettyListener listener = listener(null, handshake);
                Socket welcome = welcome(listener);
                Socket stranger = stranger(listener, "127.0.0.2")) {
            AtomicBoolean closed = new AtomicBoolean();
            Thread reading = Threads.daemon(() -> closed.set(isClosed(stranger)), "reading");
            reading.start();
            long begun = System.nanoTime();
            stranger.getOutputStream().write(new byte[] {0, 0, 0x40, 0});
            while (!closed.get() && System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(20)) {
                reading.join(100);
                dribble(stranger);
            }
            assertThat(closed).isTrue();
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isBetween(handshake.minusMillis(100), handshake.multipliedBy(10));
            assertThat(said(welcome, new Request.ListCaches())).isEqualTo(new Reply.Done());
        }
    }

    private static Socket welcome(NettyListener listener) throws IOException {
        Socket socket = stranger(listener, "127.0.0.2");
        assertThat(said(socket, new Request.Hello(1, 1, "demo", null))).isInstanceOf(Reply.Welcome.class);
        return socket;
    }

    private static boolean isWelcome(NettyListener listener) {
        try (Socket socket = welcome(listener)) {
            return socket.isConnected();
        } catch (IOException refused) {
            return false;
        }
    }

    private static Reply said(Socket socket, Request request) throws IOException {
        socket.getOutputStream().write(FrameCodec.encode(0, request));
        DataInputStream in = new DataInputStream(socket.getInputStream());
        return FrameCodec.decodeReply(in.readNBytes(in.readInt())).message();
    }

    @Test
    void theNewestOfAnAddressIsClosedAtOnceAndWhoIsWelcomeDoesNotCount() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try (NettyListener listener = listener(null, Duration.ofMinutes(5))) {
            for (int i = 0; i < HalfOpenConnections.MAX_OF_ADDRESS + 1; i++) {
                sockets.add(welcome(listener));
            }
            for (int i = 0; i < HalfOpenConnections.MAX_OF_ADDRESS; i++) {
                sockets.add(stranger(listener, "127.0.0.2"));
            }
            Socket oneMore = stranger(listener, "127.0.0.2");
            sockets.add(oneMore);
            assertThat(isClosed(oneMore)).isTrue();
            sockets.get(sockets.size() - 3).close();
            assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
                while (!isWelcome(listener)) {
                    Thread.onSpinWait(); // until the node has seen that one has left
                }
            });
            Socket last = sockets.get(sockets.size() - 2);
            assertThat(said(last, new Request.Hello(1, 1, "demo", null))).isInstanceOf(Reply.Welcome.class);
            sockets.add(welcome(listener));
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void theOldestOfAllIsClosedForTheNewest() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try (NettyListener listener = listener(null, Duration.ofMinutes(5))) {
            for (int i = 0; i < HalfOpenConnections.MAX; i++) {
                sockets.add(stranger(listener, "127.0.0." + (3 + i / HalfOpenConnections.MAX_OF_ADDRESS)));
            }
            sockets.add(welcome(listener));
            assertThat(isClosed(sockets.get(0))).isTrue();
            assertThat(said(sockets.get(1), new Request.Hello(1, 1, "demo", null)))
                    .isInstanceOf(Reply.Welcome.class);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /** Waits until the other end has closed. */
    private static boolean isClosed(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (IOException reset) {
            return !(reset instanceof SocketTimeoutException);
        }
    }

    private static void dribble(Socket socket) {
        try {
            socket.getOutputStream().write(0);
        } catch (IOException closed) {
            // As it should be.
        }
    }

    @Test
    @Tag("slow")
    void thousandsOfHalfOpenConnectionsKeepNobodyOut() throws Exception {
        Credentials keys = new Certificates(folder).credentials("n1");
        Tls tls = new Tls(() -> keys, false);
        List<Socket> strangers = new ArrayList<>();
        try (NettyListener listener = listener(tls, Duration.ofSeconds(10));
                NettyLinks links = new NettyLinks("demo", () -> null, Duration.ofSeconds(10), 100, tls)) {
            Member node = new Member(NODE, "127.0.0.1", listener.port());
            Link before = links.to(node);
            assertThat(ask(before)).isEqualTo(new Reply.Done());
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger answers = new AtomicInteger();
            CompletableFuture<Void> client = new CompletableFuture<>();
            Threads.daemon(
                            () -> {
                                try {
                                    while (!over.get()) {
                                        assertThat(ask(before)).isEqualTo(new Reply.Done());
                                        Link anew = links.open(node);
                                        assertThat(ask(anew)).isEqualTo(new Reply.Done());
                                        anew.close();
                                        answers.incrementAndGet();
                                    }
                                    client.complete(null);
                                } catch (Exception | AssertionError failed) {
                                    client.completeExceptionally(failed);
                                }
                            },
                            "client")
                    .start();
            // As many of other addresses as there may be, so that each new connection takes the place of one of these.
            int others = HalfOpenConnections.MAX - HalfOpenConnections.MAX_OF_ADDRESS;
            for (int i = 0; i < others; i++) {
                strangers.add(stranger(listener, "127.0.0." + (3 + i / HalfOpenConnections.MAX_OF_ADDRESS)));
            }
            for (int i = 0; i < HALF_OPEN || (answers.get() < ANSWERS && !client.isDone()); i++) {
                Socket stranger = stranger(listener, "127.0.0.2");
                if (i % 3 == 0) {
                    stranger.getOutputStream().write(new byte[] {0x16, 3, 1, 2, 0, 1});
                }
                if (i < HALF_OPEN) {
                    strangers.add(stranger);
                } else {
                    strangers.set(others + i % HALF_OPEN, stranger).close();
                }
                dribble(strangers.get(i * 31 % strangers.size()));
            }
            over.set(true);
            client.get(60, TimeUnit.SECONDS);
            assertThat(answers).hasValueGreaterThanOrEqualTo(ANSWERS);
        } finally {
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
    }

    private static Reply ask(Link link) throws Exception {
        return LinkCalls.call(link, new Request.Size(1, 1, Consistency.SESSION, 0, 0))
                .get(30, TimeUnit.SECONDS);
    }
}
