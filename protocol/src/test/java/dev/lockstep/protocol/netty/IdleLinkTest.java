package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.LinkCalls;
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

/** A link whose node sends nothing for a while, on a channel with a simulated clock. */
class IdleLinkTest {

    private static final NodeId NODE = new NodeId("n1");

    private final NettyLink link = new NettyLink("demo", null, new Member(NODE, "127.0.0.1", 1), 100, null, () -> {});
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private CompletableFuture<Reply> answer;

    @BeforeEach
    void connect() {
        channel.freezeTime();
        link.initialize(channel);
        channel.pipeline().fireChannelActive();
        answer = LinkCalls.call(link, new Request.DescribeCluster());
    }

    @AfterEach
    void close() {
        link.close();
        channel.finishAndReleaseAll();
    }

    private void passSeconds(long seconds) {
        for (long i = 0; i < seconds * 10; i++) {
            channel.advanceTimeBy(100, TimeUnit.MILLISECONDS);
            channel.runPendingTasks();
        }
    }

    private void receive(long correlation, Reply reply) {
        channel.writeInbound(Unpooled.wrappedBuffer(FrameCodec.encode(correlation, reply)));
    }

    private void welcome() {
        receive(0, new Reply.Welcome(FrameCodec.VERSION, "demo", NODE, 1 << 20));
    }

    /** Returns the number of frames sent since it was last called; those that follow closely may be written as one part. */
    private int sent() {
        int frames = 0;
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            for (; part.isReadable(); frames++) {
                part.skipBytes(part.readInt());
            }
            part.release();
        }
        return frames;
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

    /** Like those of a TLS handshake, which reach no handler behind the one that decrypts. */
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

    @Test
    void timeInWhichNothingIsAwaitedDoesNotCount() {
        welcome();
        passSeconds(4);
        receive(2, new Reply.Done());
        receive(1, new Reply.Done());
        passSeconds(7);
        sent();
        CompletableFuture<Reply> later = LinkCalls.call(link, new Request.DescribeCluster());
        passSeconds(3);
        assertThat(later).isNotDone();
        assertThat(sent()).as("the request, and a question for a sign of life").isEqualTo(2);
        receive(3, new Reply.Done());
        assertThat(later).isCompletedWithValue(new Reply.Done());
    }
}
