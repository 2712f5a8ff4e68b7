package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A link whose node says nothing for a while, on a channel whose time passes when it is told to. */
class SilentNodeTest {

    private static final NodeId NODE = new NodeId("n1");

    private final NettyLink link = new NettyLink("demo", null, new Member(NODE, "127.0.0.1", 1), 100, null, () -> {});
    private final CompletableFuture<Reply> answer = new CompletableFuture<>();
    private final EmbeddedChannel channel = new EmbeddedChannel();

    @BeforeEach
    void connect() {
        channel.freezeTime();
        link.initialize(channel);
        channel.pipeline().fireChannelActive();
        link.send(new Request.DescribeCluster(), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                answer.complete(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                answer.completeExceptionally(cause);
            }
        });
    }

    @AfterEach
    void close() {
        link.close();
        channel.finishAndReleaseAll();
    }

    private void passSeconds(long seconds) {
        for (long i = 0; i < seconds * 10; i++) {
            channel.advanceTimeBy(100, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
        }
    }

    private void receive(long correlation, Reply reply) {
        channel.writeInbound(Unpooled.wrappedBuffer(FrameCodec.encode(correlation, reply)));
    }

    private void welcome() {
        receive(0, new Reply.Welcome(FrameCodec.VERSION, "demo", NODE, 1 << 20));
    }

    private int sent() {
        int parts = 0;
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            part.release();
            parts++;
        }
        return parts;
    }

    private void assertGivenUp() {
        assertThat(answer)
                .isCompletedExceptionally()
                .failsWithin(0, TimeUnit.SECONDS)
                .withThrowableThat()
                .withMessageContaining("No sign of life from the node for 6 seconds");
        assertThat(link.isOpen()).isFalse();
    }

    @Test
    void aNodeThatTakesFiveSecondsForItsWelcomeIsWaitedFor() {
        passSeconds(5);
        assertThat(link.isOpen()).isTrue();
        welcome();
        receive(1, new Reply.Done());
        assertThat(answer).isCompletedWithValue(new Reply.Done());
    }

    @Test
    void aNodeThatNeverWelcomesIsGivenUpAfterSixSeconds() {
        sent();
        passSeconds(5);
        assertThat(answer).isNotDone();
        assertThat(sent())
                .as("asked for a sign of life before it has let the link in")
                .isZero();
        passSeconds(2);
        assertGivenUp();
    }

    /** As those of a handshake of TLS, which reach no handler behind the one that decrypts. */
    @Test
    void bytesThatAreNoFrameYetAreASignOfLife() {
        channel.pipeline()
                .addAfter(channel.pipeline().firstContext().name(), "tls", new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object read) {
                        ((ByteBuf) read).release();
                    }
                });
        passSeconds(5);
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {22}));
        passSeconds(5);
        assertThat(answer).isNotDone();
        passSeconds(2);
        assertGivenUp();
    }

    @Test
    void aNodeThatFallsSilentIsAskedForASignOfLifeAndThenGivenUp() {
        welcome();
        sent();
        passSeconds(2);
        assertThat(sent()).isZero();
        passSeconds(2);
        assertThat(sent()).as("asked for a sign of life").isPositive();
        assertThat(answer).isNotDone();
        passSeconds(3);
        assertGivenUp();
    }

    @Test
    void aNodeThatAnswersTheQuestionIsKept() {
        welcome();
        passSeconds(4);
        receive(2, new Reply.Done());
        passSeconds(5);
        assertThat(answer).isNotDone();
        receive(1, new Reply.Done());
        assertThat(answer).isCompletedWithValue(new Reply.Done());
    }
}
