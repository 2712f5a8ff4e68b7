package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.link.FailedLogIns;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Logins;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.scram.ChannelBinding;
import dev.lockstep.protocol.scram.ScramChallenge;
import dev.lockstep.protocol.scram.ScramClient;
import dev.lockstep.protocol.scram.ScramCredentials;
import dev.lockstep.protocol.scram.ScramMechanism;
import dev.lockstep.protocol.scram.ScramVerifier;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.tls.Credentials;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Links that log in to a listener, which is content with that instead of a certificate. */
class LogInTest {

    private static final NodeId NODE = new NodeId("n1");
    private static final Bytes SALT = ScramVerifier.newSalt(Entropy.system());

    @TempDir
    static Path folder;

    private static Credentials node;
    private static Credentials anonymous;

    private final Map<String, ScramVerifier> users = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Identity> connected = new ConcurrentLinkedQueue<>();
    private final List<NettyLinks> opened = new ArrayList<>();
    private final Logins logins = new Logins() {

        private final Bytes decoyKey = ScramVerifier.newDecoyKey(Entropy.system());

        @Override
        public @Nullable ScramVerifier verifier(String user) {
            return users.get(user);
        }

        @Override
        public Bytes decoyKey() {
            return decoyKey;
        }

        @Override
        public boolean areKnown() {
            return known;
        }

        @Override
        public void turnedAway(String user, String from, String why) {
            turnedAway.add(user + ": " + why);
        }
    };
    private final ConcurrentLinkedQueue<String> turnedAway = new ConcurrentLinkedQueue<>();
    private volatile boolean known = true;
    private NettyListener listener;

    @BeforeAll
    static void certify() throws Exception {
        Certificates authority = new Certificates(folder.resolve("authority"));
        node = authority.credentials("n1");
        TlsSettings none =
                TlsSettings.in(Files.createDirectories(folder.resolve("app"))).forLogIn();
        Files.copy(folder.resolve("authority/n1/ca.crt"), none.authorities());
        anonymous = Credentials.read(none);
    }

    @BeforeEach
    void listen() throws Exception {
        users.put("ada", verifier(ScramMechanism.SHA_256, "secret"));
        users.put("bob", verifier(ScramMechanism.SHA_512, "secret"));
        listener = listener(new Tls(() -> node, false, false));
    }

    private static ScramVerifier verifier(ScramMechanism mechanism, String password) {
        return ScramVerifier.of(mechanism, password.toCharArray(), SALT, ScramVerifier.MIN_ITERATIONS);
    }

    private NettyListener listener(@Nullable Tls tls) throws IOException {
        RequestServer server = (peer, replies) -> {
            connected.add(peer);
            return new RequestServer.Connection() {
                @Override
                public void serve(long correlationId, Request request) {
                    replies.send(correlationId, new Reply.Done());
                }

                @Override
                public void closed() {}
            };
        };
        return new NettyListener(
                "127.0.0.1",
                0,
                "demo",
                () -> NodeIdentity.untold(NODE),
                FrameCodec.DEFAULT_MAX_BYTES,
                server,
                tls == null ? null : new NettyListener.Encryption(tls, (id, names) -> true, logins));
    }

    @AfterEach
    void close() {
        opened.forEach(NettyLinks::close);
        listener.close();
    }

    private NettyLinks links(@Nullable Credentials credentials, @Nullable ScramCredentials user) {
        Tls tls = credentials == null ? null : new Tls(() -> credentials, false);
        NettyLinks links = new NettyLinks("demo", () -> null, Duration.ofSeconds(2), 1_000, tls, user);
        opened.add(links);
        return links;
    }

    private static ScramCredentials user(String name, String password) {
        return new ScramCredentials(name, password::toCharArray);
    }

    private Link link(NettyLinks links) {
        return links.to(new Member(NODE, "127.0.0.1", listener.port()));
    }

    private static Reply ask(Link link) throws Exception {
        CompletableFuture<Reply> future = new CompletableFuture<>();
        link.send(new Request.Size(1, 1, Consistency.SESSION, 0, 0), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                future.complete(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                future.completeExceptionally(sent ? new AssertionError("It never left") : cause);
            }
        });
        return future.get(30, TimeUnit.SECONDS);
    }

    private static String refusal(Link link) {
        StringBuilder message = new StringBuilder();
        assertThatThrownBy(() -> ask(link)).cause().isInstanceOfSatisfying(RequestFailedException.class, refused -> {
            assertThat(refused.status()).isEqualTo(Status.FORBIDDEN);
            message.append(refused.getMessage());
        });
        assertThat(link.isOpen()).isFalse();
        return message.toString();
    }

    private static RequestFailedException refused(Link link) {
        try {
            throw new AssertionError("It was let in: " + ask(link));
        } catch (Exception failed) {
            return (RequestFailedException) failed.getCause();
        }
    }

    @Test
    void aRefusalTellsAStrangerNoNames() {
        NettyLinks elsewhere = new NettyLinks(
                "elsewhere", () -> null, Duration.ofSeconds(2), 1_000, new Tls(() -> anonymous, false), null);
        opened.add(elsewhere);
        RequestFailedException another = refused(link(elsewhere));
        assertThat(another.status()).isEqualTo(Status.WRONG_CLUSTER);
        assertThat(another.getMessage()).doesNotContain("demo").doesNotContain("n1");
        RequestFailedException unproven = refused(link(links(anonymous, null)));
        assertThat(unproven.status()).isEqualTo(Status.FORBIDDEN);
        assertThat(unproven.getMessage()).doesNotContain("demo").doesNotContain("n1");
    }

    @Test
    void aNodeThatDoesNotKnowItsUsersYetAsksToTryAgain() throws Exception {
        known = false;
        assertThat(refused(link(links(anonymous, user("ada", "secret")))).status())
                .isEqualTo(Status.BUSY);
        assertThat(turnedAway).isEmpty();
        known = true;
        assertThat(ask(link(links(anonymous, user("ada", "secret"))))).isEqualTo(new Reply.Done());
    }

    @Test
    void whoeverIsNotLetInIsReportedWithTheReason() {
        refused(link(links(anonymous, user("ada", "wrong"))));
        refused(link(links(anonymous, user("eve", "secret"))));
        refused(link(links(anonymous, null)));
        assertThat(turnedAway).hasSize(3);
        assertThat(turnedAway.poll()).startsWith("ada: ");
        assertThat(turnedAway.poll()).startsWith("eve: ");
        assertThat(turnedAway.poll()).startsWith(": The node was shown neither");
    }

    private String logInFails(String name, String password) {
        return refusal(link(links(anonymous, user(name, password))));
    }

    @Test
    void aUserWithItsPasswordNeedsNoCertificate() throws Exception {
        for (String name : List.of("ada", "bob")) {
            assertThat(ask(link(links(anonymous, user(name, "secret"))))).isEqualTo(new Reply.Done());
            assertThat(connected.poll())
                    .isInstanceOfSatisfying(
                            Identity.OfUser.class,
                            user -> assertThat(user.name()).isEqualTo(name));
        }
    }

    @Test
    void theUserIsTheOneThatLoggedInWhateverTheCertificateSays() throws Exception {
        assertThat(ask(link(links(node, user("ada", "secret"))))).isEqualTo(new Reply.Done());
        assertThat(ask(link(links(node, null)))).isEqualTo(new Reply.Done());
        assertThat(connected.stream().map(peer -> ((Identity.OfUser) peer).name()))
                .containsExactly("ada", "n1");
    }

    @Test
    void aStrangerLearnsNothingOfWhyItIsRefused() throws Exception {
        String wrong = "The user or the password is wrong";
        assertThat(logInFails("ada", "Secret")).isEqualTo(wrong);
        assertThat(logInFails("eve", "secret")).isEqualTo(wrong);
        Reply refused = Reply.Refused.of(Status.FORBIDDEN, wrong);
        assertThat(said(hello(Bytes.utf8("p=tls-server-end-point,,n=ada")))).containsExactly(refused);
        assertThat(said(hello(Bytes.utf8("n,,n=ada,r=a-nonce-of-a-client")))).containsExactly(refused);
        assertThat(said(hello(Bytes.of(new byte[2_000])))).containsExactly(refused);
        assertThat(said(hello(first("ada")), new Request.Authenticate(Bytes.utf8("c=,r=,p="))))
                .element(1)
                .isEqualTo(refused);
        assertThat(connected).isEmpty();
    }

    @Test
    void withoutACertificateOneHasToLogIn() {
        assertThat(refusal(link(links(anonymous, null)))).contains("\"user\"", "\"password\"", "certificate");
        assertThat(connected).isEmpty();
    }

    @Test
    void aPasswordIsReadOnceAndAgainAfterItWasRefused() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        ScramCredentials credentials = new ScramCredentials("ada", () -> {
            reads.incrementAndGet();
            return users.containsKey("changed") ? "another".toCharArray() : "secret".toCharArray();
        });
        NettyLinks links = links(anonymous, credentials);
        for (int connection = 0; connection < 3; connection++) {
            Link link = link(links);
            assertThat(ask(link)).isEqualTo(new Reply.Done());
            link.close();
        }
        assertThat(reads).hasValue(1);
        users.put("ada", verifier(ScramMechanism.SHA_256, "another"));
        users.put("changed", verifier(ScramMechanism.SHA_256, "another"));
        refusal(link(links));
        assertThat(ask(link(links))).isEqualTo(new Reply.Done());
        assertThat(reads).hasValue(2);
    }

    @Test
    void aPasswordThatCannotBeReadIsReported() {
        ScramCredentials credentials = new ScramCredentials("ada", () -> {
            throw new IOException("The secret in /none can't be read");
        });
        assertThat(refusal(link(links(anonymous, credentials))))
                .isEqualTo("The log-in has failed: The secret in /none can't be read");
    }

    @Test
    void passwordsCannotBeTriedOut() throws Exception {
        for (int attempt = 0; attempt < FailedLogIns.MAX_OF_USER; attempt++) {
            said(hello(first("ada")), new Request.Authenticate(Bytes.utf8("none")));
        }
        String tooMany = "Too many log-ins have failed: try again in (5\\d|60) seconds";
        assertThat(logInFails("ada", "secret")).matches(tooMany);
        assertThat(said(hello(first("ada"))))
                .singleElement()
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.message()).matches(tooMany));
        assertThat(ask(link(links(anonymous, user("bob", "secret"))))).isEqualTo(new Reply.Done());
    }

    @Test
    void challengesThatWereCollectedBeforeAreNoFurtherAttempts() throws Exception {
        ScramClient client = new ScramClient(user("ada", "secret"), Entropy.system());
        try (SSLSocket socket = connect()) {
            Reply.Challenge challenge =
                    (Reply.Challenge) said(socket, hello(client.first())).get(0);
            for (int attempt = 0; attempt < FailedLogIns.MAX_OF_USER; attempt++) {
                said(hello(first("ada")), new Request.Authenticate(Bytes.utf8("none")));
            }
            X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            ScramClient.Proof right = client.answer(
                    new ScramChallenge(ScramMechanism.named(challenge.mechanism()), challenge.message()),
                    ChannelBinding.of(shown));
            assertThat(said(socket, new Request.Authenticate(right.message())))
                    .singleElement()
                    .isInstanceOf(Reply.Refused.class);
        }
        assertThat(connected).isEmpty();
    }

    @Test
    void nobodyLogsInWithoutTls() {
        assertThatThrownBy(() -> links(null, user("ada", "secret")))
                .isInstanceOfSatisfying(
                        RequestFailedException.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.FORBIDDEN))
                .hasMessageContaining("set \"tls\"");
    }

    @Test
    void aNodeWithoutTlsTakesNoPassword() throws Exception {
        listener.close();
        listener = listener(null);
        try (Socket socket = new Socket("127.0.0.1", listener.port())) {
            assertThat(said(socket, hello(first("ada"))))
                    .singleElement()
                    .isInstanceOfSatisfying(Reply.Refused.class, refused -> {
                        assertThat(refused.status()).isEqualTo(Status.FORBIDDEN);
                        assertThat(refused.message()).contains("has no \"tls\"");
                    });
        }
    }

    @Test
    void theStepsOfALogInAreTakenInOrder() throws Exception {
        assertThat(said(new Request.Authenticate(Bytes.utf8("c=,r=,p="))))
                .singleElement()
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.INVALID));
        assertThat(said(hello(first("ada")), hello(null)))
                .element(1)
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.INVALID));
        assertThat(connected).isEmpty();
    }

    @Test
    void aNodeThatDoesNotAskForThePasswordIsNotTalkedTo() {
        NettyLink link =
                new NettyLink("demo", null, new Member(NODE, "127.0.0.1", 1), 100, user("ada", "secret"), () -> {});
        EmbeddedChannel channel = new EmbeddedChannel();
        CompletableFuture<Throwable> failed = new CompletableFuture<>();
        link.initialize(channel);
        channel.pipeline().fireChannelActive();
        link.send(new Request.ListCaches(), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                throw new AssertionError(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                failed.complete(cause);
            }
        });
        channel.writeInbound(Unpooled.wrappedBuffer(FrameCodec.encode(0, new Reply.Welcome(1, "demo", NODE, 1 << 20))));
        assertThat(failed)
                .isCompletedWithValueMatching(
                        cause -> String.valueOf(cause.getMessage()).contains("without asking for the password"));
        assertThat(link.isOpen()).isFalse();
        List<Object> sent = new ArrayList<>();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            part.skipBytes(Integer.BYTES);
            byte[] body = new byte[part.readableBytes()];
            part.readBytes(body).release();
            sent.add(FrameCodec.decodeRequest(body).message().getClass());
        }
        assertThat(sent).containsOnly(Request.Hello.class);
    }

    private static Bytes first(String user) {
        return new ScramClient(user(user, "secret"), Entropy.system()).first();
    }

    private static Request hello(@Nullable Bytes login) {
        return new Request.Hello(FrameCodec.VERSION, FrameCodec.VERSION, "demo", null, login);
    }

    /** Says what is given over TLS, without our code. @return what the node answered to each */
    private List<Reply> said(Request... requests) throws Exception {
        try (SSLSocket socket = connect()) {
            return said(socket, requests);
        }
    }

    private SSLSocket connect() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[0], new TrustManager[] {anonymous.trust()}, null);
        return (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", listener.port());
    }

    private static List<Reply> said(Socket socket, Request... requests) throws IOException {
        socket.setSoTimeout(10_000);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        List<Reply> replies = new ArrayList<>();
        for (Request request : requests) {
            socket.getOutputStream().write(FrameCodec.encode(0, request));
            replies.add(FrameCodec.decodeReply(in.readNBytes(in.readInt())).message());
        }
        return replies;
    }
}
