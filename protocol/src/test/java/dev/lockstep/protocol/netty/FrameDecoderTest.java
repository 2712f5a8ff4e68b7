package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.runtime.Burst;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameDecoderTest {

    private final List<String> events = new ArrayList<>();
    private final Runnable flush = () -> events.add("flush");

    @Test
    void theFramesOfOneReadAreOneBurst() {
        var frames = new SimpleChannelInboundHandler<byte[]>() {
            @Override
            protected void channelRead0(ChannelHandlerContext context, byte[] body) {
                events.add("frame");
                Burst.atEnd(flush);
            }
        };
        EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(), frames);
        byte[] frame = {0, 0, 0, 2, 1, 1};
        channel.writeInbound(Unpooled.wrappedBuffer(frame, frame));
        assertThat(events).containsExactly("frame", "frame", "flush");
    }
}
