package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.tls.Credentials;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
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
    private static Credentials keys;

    private final List<NettyLinks> opened = new ArrayList<>();
    private NettyListener listener;

    @BeforeAll
    static void certify() throws Exception {
        ours = new Certificates(folder.resolve("ours"));
        others = new Certificates(folder.resolve("others"));
        keys = ours.credentials("n1");
    }

    @BeforeEach
    void listen() throws Exception {
        listener = listener(tls(keys));
    }

    private static Tls tls(Credentials credentials) {
        return new Tls(() -> credentials, false);
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
                "127.0.0.1",
                0,
                "demo",
                () -> NodeIdentity.untold(NODE),
                FrameCodec.DEFAULT_MAX_BYTES,
                server,
                tls == null
                        ? null
                        : new NettyListener.Encryption(tls, (node, names) -> names.contains(node.name() + ".test")));
    }

    @AfterEach
    void close() {
        opened.forEach(NettyLinks::close);
        listener.close();
    }

    private Link link(@Nullable Tls tls) {
        return link(tls, null);
    }

    private Link link(@Nullable Tls tls, @Nullable NodeIdentity self) {
        NettyLinks links = new NettyLinks("demo", () -> self, Duration.ofSeconds(2), 1_000, tls);
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
        Link link = link(tls(keys));
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
        assertRefused(link(tls(ours.anonymous())));
    }

    @Test
    void aCertificateOfAnotherAuthorityIsRefused() throws Exception {
        Credentials strange = others.credentials("n1");
        assertRefused(link(tls(new Credentials(strange.keys(), keys.trust(), "strange"))));
    }

    @Test
    void aNodeOfAnotherAuthorityIsNotTalkedTo() throws Exception {
        Credentials strange = others.credentials("n1");
        assertThat(refusal(link(tls(new Credentials(keys.keys(), strange.trust(), "strange")))))
                .contains("certificate of CN=n1 (for [127.0.0.1], signed by CN=authority, valid from ")
                .contains("was shown by 127.0.0.1, and is refused: ");
    }

    @Test
    void aNodeWithoutTlsIsNotTalkedTo() throws Exception {
        listener.close();
        listener = listener(null);
        assertThat(refusal(link(tls(keys)))).isEqualTo("No secure connection: the other end does not speak TLS");
    }

    @Test
    void aNodeWithoutTlsSaysSoToAPeerThatSpeaksIt() throws Exception {
        listener.close();
        listener = listener(null);
        try (Socket socket = new Socket("127.0.0.1", listener.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xFC, 3, 3});
            DataInputStream in = new DataInputStream(socket.getInputStream());
            Reply reply = FrameCodec.decodeReply(in.readNBytes(in.readInt())).message();
            assertThat(reply)
                    .isInstanceOfSatisfying(
                            Reply.Refused.class,
                            refused -> assertThat(refused.message()).startsWith("The peer speaks TLS"));
        }
    }

    @Test
    void aCertificateForAnotherHostIsRefusedNamingBoth() throws Exception {
        listener.close();
        listener = listener(tls(Credentials.read(ours.issue("elsewhere", "elsewhere", List.of("elsewhere.test")))));
        assertThat(refusal(link(tls(keys))))
                .contains("certificate of CN=elsewhere (for [elsewhere.test]")
                .contains("was shown by 127.0.0.1, and is refused: No subject alternative names");
    }

    @Test
    void aCertificateThatHasExpiredIsRefusedNamingIt() throws Exception {
        TlsSettings expired = ours.issue(
                "expired", "expired", List.of("127.0.0.1"), Instant.now().minus(Duration.ofDays(31)));
        assertThatThrownBy(() -> Credentials.read(expired))
                .hasMessageContaining(expired.certificate() + ": the certificate of CN=expired")
                .hasMessageEndingWith("has expired");
    }

    @Test
    void aClientsCertificateMakesNoNode() throws Exception {
        NodeIdentity n2 = NodeIdentity.untold(new NodeId("n2"));
        Credentials node = Credentials.read(ours.issue("n2", "n2", List.of("127.0.0.1", "n2.test")));
        assertThat(size(link(tls(node), n2), 7).get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Count(0, 0, 7));

        assertThatThrownBy(() -> size(link(tls(keys), n2), 1).get(10, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(
                        RequestFailedException.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.FORBIDDEN))
                .hasMessageContaining("The certificate of the peer is not one of node n2");
    }

    @Test
    void aNewCertificateIsUsedByNewConnectionsAndDropsNone() throws Exception {
        listener.close();
        TlsSettings files = ours.issue("n1");
        listener = listener(Tls.of(files, Time.system()));
        Link before = link(tls(keys));
        assertThat(size(before, 1).get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Count(0, 0, 1));

        TlsSettings renewed = others.issue("n1");
        Credentials other = Credentials.read(renewed);
        for (String name : List.of("tls.key", "tls.crt", "ca.crt")) {
            Files.copy(
                    renewed.certificate().resolveSibling(name),
                    files.certificate().resolveSibling(name),
                    StandardCopyOption.REPLACE_EXISTING);
        }
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            while (!isServed(link(tls(other)))) {
                Thread.onSpinWait(); // files are looked at once a second
            }
        });
        assertThat(isServed(link(tls(keys)))).isFalse();
        assertThat(size(before, 2).get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Count(0, 0, 2));
    }

    private static boolean isServed(Link link) throws InterruptedException, TimeoutException {
        try {
            size(link, 1).get(10, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException refused) {
            return false;
        }
    }

    private static String refusal(Link link) {
        AtomicReference<String> message = new AtomicReference<>("");
        assertThatThrownBy(() -> size(link, 1).get(10, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(IOException.class)
                .satisfies(failure -> message.set(failure.getMessage()));
        return message.get();
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
        assertThat(refusal(link(null))).contains("without an answer, as one with \"tls\" does");
    }

    @Test
    void nothingOlderThanTls13IsSpoken() throws Exception {
        assertThat(handshake("TLSv1.3", "TLSv1.2")).isEqualTo("TLSv1.3");
        assertThatThrownBy(() -> handshake("TLSv1.2")).isInstanceOf(SSLException.class);
    }

    /** Java's own client, as a client without our code. @return the version that was agreed on */
    private String handshake(String... versions) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {keys.keys()}, new TrustManager[] {keys.trust()}, null);
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
