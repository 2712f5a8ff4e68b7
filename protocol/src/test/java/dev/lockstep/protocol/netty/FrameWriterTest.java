package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.runtime.Burst;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FrameWriterTest {

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final FrameWriter writer = new FrameWriter(channel);

    /** Returns the number of bytes of the next write; -1 if there is none. */
    private int written() {
        @Nullable ByteBuf next = channel.readOutbound();
        return next == null ? -1 : next.readableBytes();
    }

    @Test
    void aFrameOnAQuietConnectionIsWrittenAtOnce() {
        writer.write(new byte[10]);
        assertThat(written()).isEqualTo(10);
    }

    @Test
    void framesOfOneBurstAreOneWrite() {
        Burst.run(() -> {
            writer.write(new byte[10]);
            writer.write(new byte[20]);
            assertThat(written()).isEqualTo(-1);
        });
        channel.runPendingTasks(); // where it is left to the event loop
        assertThat(written()).isEqualTo(30);
        assertThat(written()).isEqualTo(-1);
        assertThat(writer.waitingBytes()).isZero();
    }

    @Test
    void largeFramesDoNotWaitForTheEndOfTheBurst() {
        Burst.run(() -> {
            writer.write(new byte[10]);
            writer.write(new byte[1 << 20]);
            assertThat(written()).isEqualTo((1 << 20) + 10);
        });
        channel.runPendingTasks();
        assertThat(written()).isEqualTo(-1);
    }
}
