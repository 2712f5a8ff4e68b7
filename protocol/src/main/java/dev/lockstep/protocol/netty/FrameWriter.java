package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Claims;
import dev.lockstep.protocol.runtime.Time;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes frames to one channel, whole and in the order given, from any thread, and never blocks.
 *
 * <p>A frame that comes while the connection is quiet is written to the socket by the thread that gives it: to wake an
 * event loop costs more than the write. Frames that follow closely are left to the event loop, which writes together
 * what has come meanwhile. Frames that are given during a {@link Burst} are written together at its end. Bytes that the
 * socket does not take at once go through the channel's own buffer, and nothing overtakes them. An encrypted channel is no exception, see
 * {@link DirectTls}.
 *
 * <p>The thread that holds the {@link Claims} is the only writer.
 */
final class FrameWriter {

    private static final byte[] CLOSE = new byte[0];
    private static final int MAX_TOGETHER = 64;
    private static final int MAX_TOGETHER_BYTES = 1 << 20;
    private static final long CLOSELY_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    private final Channel channel;
    private final Time time = Time.system();
    private final Queue<byte[]> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final Claims claims = new Claims();
    private final Runnable flush = this::flush;
    private volatile long lastNanos;

    FrameWriter(Channel channel) {
        this.channel = channel;
        this.lastNanos = time.nanos() - CLOSELY_NANOS;
    }

    /** @param frame with its length; not to be changed any more */
    void write(byte[] frame) {
        waitingBytes.addAndGet(frame.length);
        waiting.add(frame);
        if (waitingBytes.get() < MAX_TOGETHER_BYTES) {
            Burst.atEnd(flush);
        } else {
            flush();
        }
    }

    private void flush() {
        if (waiting.isEmpty() || !claims.raise()) {
            return;
        }
        if (time.nanos() - lastNanos > CLOSELY_NANOS) {
            writeAll();
        } else {
            handOver();
        }
    }

    private void handOver() {
        try {
            channel.eventLoop().execute(this::writeAll);
        } catch (RejectedExecutionException ended) {
            writeAll(); // to a channel that is closed, and so takes nothing
        }
    }

    /** Writes what was given before and this frame, then closes the channel. */
    void writeLast(byte[] frame) {
        write(frame);
        write(CLOSE);
    }

    /** Bytes that were given and that neither the socket nor the channel's buffer has taken yet. */
    long waitingBytes() {
        return waitingBytes.get();
    }

    private void writeAll() {
        claims.work(this::writeWaiting);
    }

    /** @return false if the channel's buffer has what is left, and goes on with it */
    private boolean writeWaiting() {
        for (List<ByteBuffer> frames = take(); !frames.isEmpty(); frames = take()) {
            if (!write(frames)) {
                return false;
            }
        }
        lastNanos = time.nanos();
        return true;
    }

    private List<ByteBuffer> take() {
        List<ByteBuffer> frames = new ArrayList<>();
        int bytes = 0;
        while (frames.size() < MAX_TOGETHER && bytes < MAX_TOGETHER_BYTES) {
            byte[] frame = waiting.peek();
            if (frame == null || (frame == CLOSE && !frames.isEmpty())) {
                break;
            }
            waiting.poll();
            if (frame == CLOSE) {
                channel.close();
            } else {
                frames.add(ByteBuffer.wrap(frame));
                bytes += frame.length;
            }
        }
        return frames;
    }

    /** @return false if the rest is in the channel's buffer, after which this goes on by itself */
    private boolean write(List<ByteBuffer> frames) {
        ByteBuffer[] buffers = frames.toArray(ByteBuffer[]::new);
        long bytes = remaining(buffers);
        if (channel instanceof DirectSocket socket) {
            try {
                socket.write(buffers);
            } catch (IOException | RuntimeException broken) {
                channel.close();
            }
            if (remaining(buffers) == 0 || !channel.isOpen()) {
                waitingBytes.addAndGet(-bytes);
                return true;
            }
        }
        ChannelFuture rest = channel.writeAndFlush(Unpooled.wrappedBuffer(buffers));
        if (rest.isDone()) {
            waitingBytes.addAndGet(-bytes);
            return true;
        }
        rest.addListener(written -> {
            waitingBytes.addAndGet(-bytes);
            writeAll();
        });
        return false;
    }

    private static long remaining(ByteBuffer[] buffers) {
        long bytes = 0;
        for (ByteBuffer buffer : buffers) {
            bytes += buffer.remaining();
        }
        return bytes;
    }
}
