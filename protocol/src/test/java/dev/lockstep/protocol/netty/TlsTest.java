package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Links to a listener that demands TLS. */
class TlsTest {

    private static final NodeId NODE = new NodeId("n1");

    @TempDir
    static Path folder;

    private static Certificates ours;
    private static Certificates others;
    private static KeyManagerFactory keys;

    private final List<NettyLinks> opened = new ArrayList<>();
    private NettyListener listener;

    @BeforeAll
    static void certify() throws Exception {
        ours = new Certificates(folder.resolve("ours"));
        others = new Certificates(folder.resolve("others"));
        keys = ours.keys("n1");
    }

    @BeforeEach
    void listen() throws Exception {
        listener = listener(new Tls(keys, ours.trust()));
    }

    /** Answers a Size with its shard. */
    private static NettyListener listener(@Nullable Tls tls) throws IOException {
        RequestServer server = (peer, replies) -> new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                replies.send(correlationId, new Reply.Count(0, 0, ((Request.Size) request).shard()));
            }

            @Override
            public void closed() {}
        };
        return new NettyListener(
                "127.0.0.1", 0, "demo", () -> NodeIdentity.untold(NODE), FrameCodec.DEFAULT_MAX_BYTES, server, tls);
    }

    @AfterEach
    void close() {
        opened.forEach(NettyLinks::close);
        listener.close();
    }

    private Link link(@Nullable Tls tls) {
        NettyLinks links = new NettyLinks("demo", () -> null, Duration.ofSeconds(2), 1_000, tls);
        opened.add(links);
        return links.to(new Member(NODE, "127.0.0.1", listener.port()));
    }

    private static CompletableFuture<Reply> size(Link link, int shard) {
        CompletableFuture<Reply> future = new CompletableFuture<>();
        link.send(new Request.Size(1, shard, Consistency.SESSION, 0, 0), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                future.complete(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                future.completeExceptionally(sent ? new AssertionError("It never left") : cause);
            }
        });
        return future;
    }

    @Test
    void aCertificateOfTheSameAuthorityIsAccepted() throws Exception {
        Link link = link(new Tls(keys, ours.trust()));
        List<CompletableFuture<Reply>> calls = new ArrayList<>();
        for (int shard = 0; shard < 500; shard++) {
            calls.add(size(link, shard));
        }
        for (int shard = 0; shard < 500; shard++) {
            assertThat(calls.get(shard).get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Count(0, 0, shard));
        }
    }

    @Test
    void aConnectionWithoutACertificateIsRefused() throws Exception {
        assertRefused(link(new Tls(Certificates.noKeys(), ours.trust())));
    }

    @Test
    void aCertificateOfAnotherAuthorityIsRefused() throws Exception {
        assertRefused(link(new Tls(others.authoritysKeys(), ours.trust())));
    }

    @Test
    void aNodeOfAnotherAuthorityIsNotTalkedTo() throws Exception {
        assertRefused(link(new Tls(keys, others.trust())));
    }

    @Test
    void aNodeWithoutTlsIsNotTalkedTo() throws Exception {
        listener.close();
        listener = listener(null);
        assertRefused(link(new Tls(keys, ours.trust())));
    }

    private static void assertRefused(Link link) {
        assertThatThrownBy(() -> size(link, 1).get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("No secure connection: ")
                .hasCauseInstanceOf(SSLException.class);
        assertThat(link.isOpen()).isFalse();
    }

    @Test
    void aConnectionWithoutTlsIsNotServed() {
        assertThatThrownBy(() -> size(link(null), 1).get(10, TimeUnit.SECONDS)).hasCauseInstanceOf(Exception.class);
    }

    @Test
    void nothingOlderThanTls13IsSpoken() throws Exception {
        assertThat(handshake("TLSv1.3", "TLSv1.2")).isEqualTo("TLSv1.3");
        assertThatThrownBy(() -> handshake("TLSv1.2")).isInstanceOf(SSLException.class);
    }

    /** Java's own client, as a client without our code. @return the version that was agreed on */
    private String handshake(String... versions) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), ours.trust().getTrustManagers(), null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", listener.port())) {
            socket.setEnabledProtocols(versions);
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(FrameCodec.encode(1, new Request.Hello(1, 1, "demo", null)));
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] body = in.readNBytes(in.readInt());
            assertThat(FrameCodec.decodeReply(body).message()).isInstanceOf(Reply.Welcome.class);
            return socket.getSession().getProtocol();
        }
    }
}
