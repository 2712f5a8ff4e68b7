package dev.lockstep.protocol.netty;

import static dev.lockstep.protocol.link.LinkCalls.call;
import static dev.lockstep.protocol.link.LinkCalls.completing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.Versions;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Links and a listener over real sockets on loopback. */
class NettyLinkTest {

    private static final NodeId NODE = new NodeId("n1");

    private final CountDownLatch disconnected = new CountDownLatch(1);
    private NettyListener listener;
    private NettyLinks links;

    @BeforeEach
    void listen() throws IOException {
        listener = new NettyListener(
                "127.0.0.1",
                0,
                "demo",
                NodeIdentity.untold(NODE),
                FrameCodec.DEFAULT_MAX_BYTES,
                (peer, replies) -> serve(replies));
        links = new NettyLinks("demo", null, Duration.ofSeconds(2), 1_000);
    }

    @AfterEach
    void close() {
        links.close();
        listener.close();
    }

    /**
     * Answers a Size with its shard, a Get with ten times 2 MiB, an Unsubscribe, streams three changes to a Subscribe, of
     * which the second is too large in shard 2, and leaves everything else unanswered.
     */
    private RequestServer.Connection serve(RequestServer.Replies replies) {
        return new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                if (request instanceof Request.Size size) {
                    replies.send(correlationId, new Reply.Count(0, 0, size.shard()));
                } else if (request instanceof Request.Get) {
                    EntryRead large = new EntryRead(Bytes.of(new byte[2 << 20]), 1, 0);
                    replies.send(correlationId, new Reply.Entries(0, 0, 0, Collections.nCopies(10, large)));
                } else if (request instanceof Request.Subscribe subscribe) {
                    for (int position = 1; position <= 3; position++) {
                        replies.send(correlationId, changes(position, position == subscribe.shard() ? 17 << 20 : 1));
                    }
                } else if (request instanceof Request.Unsubscribe) {
                    replies.send(correlationId, new Reply.Done());
                }
            }

            @Override
            public void closed() {
                disconnected.countDown();
            }
        };
    }

    private static Reply.Changes changes(long position, int bytes) {
        Bytes value = Bytes.of(new byte[bytes]);
        EntryChange change =
                new EntryChange(EntryChange.Kind.CREATED, Bytes.EMPTY, value, null, Versions.lastAt(position));
        return new Reply.Changes(position, List.of(new Reply.Changes.OfCache(1, List.of(change))), List.of());
    }

    private Link link() {
        return links.to(new Member(NODE, "127.0.0.1", listener.port()));
    }

    @Test
    void onlyConnectionsAfterALostOneAreReconnects() throws Exception {
        call(link(), size(1)).get(30, TimeUnit.SECONDS);
        call(link(), size(2)).get(30, TimeUnit.SECONDS);
        assertThat(links.reconnects()).isZero();
        Member unreachable = new Member(new NodeId("n2"), "127.0.0.1", 1);
        assertThat(call(links.to(unreachable), size(1))).failsWithin(Duration.ofSeconds(30));
        assertThat(call(links.to(unreachable), size(1))).failsWithin(Duration.ofSeconds(30));
        assertThat(links.reconnects()).isZero();

        link().close();
        call(link(), size(1)).get(30, TimeUnit.SECONDS);
        assertThat(links.reconnects()).isOne();
        links.open(new Member(NODE, "127.0.0.1", listener.port())).close();
        link().close();
        call(link(), size(1)).get(30, TimeUnit.SECONDS);
        assertThat(links.reconnects()).isEqualTo(2);
    }

    private static Request subscribe(int shard) {
        return new Request.Subscribe(shard, 0, List.of(new Request.Subscribe.Start(1, -1)));
    }

    private static Request size(int shard) {
        return new Request.Size(1, shard, Consistency.SESSION, 0, 0);
    }

    @Test
    void manyRequestsInFlightEachGetTheirOwnReply() throws Exception {
        Link link = link();
        List<CompletableFuture<Reply>> calls = new ArrayList<>();
        for (int shard = 0; shard < 900; shard++) {
            calls.add(call(link, size(shard)));
        }
        for (int shard = 0; shard < 900; shard++) {
            assertThat(calls.get(shard).get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Count(0, 0, shard));
        }
    }

    @Test
    void aSubscriptionGetsManyRepliesAndChangesTooLargeForAFrameAreMissed() throws Exception {
        BlockingQueue<Reply> told = new LinkedBlockingQueue<>();
        link().send(subscribe(2), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                told.add(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {}
        });
        assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(changes(1, 1));
        assertThat(told.poll(10, TimeUnit.SECONDS))
                .isEqualTo(new Reply.Changes(2, List.of(), List.of(new Reply.Changes.Missed(1, Versions.lastAt(2)))));
        assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(changes(3, 1));
    }

    @Test
    void subscriptionsThatWereEndedTakeNoRoomOnTheLink() throws Exception {
        Link link = link();
        List<CompletableFuture<Reply>> ended = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            CompletableFuture<Reply> first = new CompletableFuture<>();
            long subscription = link.send(subscribe(0), completing(first));
            first.get(10, TimeUnit.SECONDS);
            ended.add(call(link, new Request.Unsubscribe(subscription)));
        }
        for (CompletableFuture<Reply> one : ended) {
            assertThat(one.get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Done());
        }
        assertThat(call(link, size(5)).get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Count(0, 0, 5));
    }

    @Test
    void aReplyTooLargeForAFrameIsRefusedAndTheConnectionLivesOn() throws Exception {
        Link link = link();
        Request get = new Request.Get(1, 1, List.of(), true, Consistency.SESSION, 0, 0);
        assertThat(call(link, get).get(10, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.TOO_LARGE));
        assertThat(call(link, size(5)).get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Count(0, 0, 5));
    }

    /** Fails whatever it is told. */
    private static final class Failing implements Link.ReplyHandler {

        @Override
        public void reply(Reply reply) {
            throw new IllegalStateException("The handler failed at " + reply);
        }

        @Override
        public void failed(boolean sent, Throwable cause) {
            throw new IllegalStateException("The handler failed", cause);
        }
    }

    @Test
    void aHandlerThatFailsHarmsNoOther() throws Exception {
        Link link = link();
        link.send(size(1), new Failing());
        assertThat(call(link, size(2)).get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Count(0, 0, 2));
        link.send(new Request.ListCaches(), new Failing());
        List<CompletableFuture<Reply>> unanswered = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            unanswered.add(call(link, new Request.ListCaches()));
        }
        link.close();
        assertThat(unanswered).allMatch(CompletableFuture::isCompletedExceptionally);
    }

    @Test
    void closingFailsWhatIsWaitingAndTheServerNotices() throws Exception {
        Link link = link();
        call(link, size(1)).get(10, TimeUnit.SECONDS);
        CompletableFuture<Reply> unanswered = call(link, new Request.ListCaches());
        link.close();
        assertThatThrownBy(() -> unanswered.get(10, TimeUnit.SECONDS)).hasRootCauseInstanceOf(IOException.class);
        assertThat(disconnected.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(link().isOpen()).isTrue();
    }

    @Test
    void anotherClusterIsRefused() {
        try (NettyLinks strangers = new NettyLinks("other", null, Duration.ofSeconds(2), 10)) {
            CompletableFuture<Reply> call = call(strangers.to(new Member(NODE, "127.0.0.1", listener.port())), size(1));
            assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            RequestFailedException.class,
                            refused -> assertThat(refused.status()).isEqualTo(Status.WRONG_CLUSTER));
        }
    }

    @Test
    void anUnreachableNodeFailsAsNotSent() throws Exception {
        CompletableFuture<Boolean> sent = new CompletableFuture<>();
        int port = listener.port();
        listener.close();
        links.to(new Member(NODE, "127.0.0.1", port)).send(size(1), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {}

            @Override
            public void failed(boolean wasSent, Throwable cause) {
                sent.complete(wasSent);
            }
        });
        assertThat(sent.get(10, TimeUnit.SECONDS)).isFalse();
    }

    @Test
    void anOverlongFrameIsRefusedAndTheServerLivesOn() throws Exception {
        assertThat(refusalOf(new byte[] {0x7F, 0, 0, 0})).isEqualTo(Status.INVALID);
        assertThat(call(link(), size(5)).get(10, TimeUnit.SECONDS)).isEqualTo(new Reply.Count(0, 0, 5));
    }

    @Test
    void aMalformedFrameIsRefused() throws Exception {
        assertThat(refusalOf(new byte[] {0, 0, 0, 2, 1, 99})).isEqualTo(Status.INVALID);
    }

    @Test
    void anUnknownVersionIsRefused() throws Exception {
        assertThat(refusalOf(FrameCodec.encode(1, new Request.Hello(7, 9, "demo", null))))
                .isEqualTo(Status.VERSION_MISMATCH);
    }

    @Test
    void aConnectionWithoutAHandshakeIsRefused() throws Exception {
        assertThat(refusalOf(FrameCodec.encode(1, new Request.ListCaches()))).isEqualTo(Status.INVALID);
    }

    /** Sends bytes over a bare socket and answers the refusal, after which the server must close. */
    private Status refusalOf(byte[] bytes) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", listener.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(bytes);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] body = in.readNBytes(in.readInt());
            assertThat(in.read()).isEqualTo(-1);
            return ((Reply.Refused) FrameCodec.decodeReply(body).message()).status();
        }
    }
}
