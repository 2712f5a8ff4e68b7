package dev.lockstep.protocol.netty;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts what is written to a channel on the thread that writes, past the event loop, once the handshake is done. The event loop makes records
 * too: for the handshake, when keys are changed, at the end, and of what can't be written here. One lock keeps all of them in the order in which
 * they were made. The writing thread only tries it, so it never waits; the event loop waits at most for one record.
 */
final class DirectTls {

    private final SSLEngine engine;
    private final Channel channel;
    private final ReentrantLock records = new ReentrantLock();
    private final Written written = new Written();
    private volatile boolean established;
    /** Guarded by the lock, as is what follows. */
    private ByteBuffer record = ByteBuffer.allocate(0);
    /** The end of a record that the socket has not taken; nothing may be made before it is in the channel's buffer. */
    private @Nullable ByteBuffer rest;

    private DirectTls(SSLEngine engine, Channel channel) {
        this.engine = engine;
        this.channel = channel;
    }

    /** Encrypts a channel that has no handlers yet. */
    static DirectTls on(Channel channel, SSLEngine engine) {
        DirectTls direct = new DirectTls(engine, channel);
        SslHandler handler = new SslHandler(new SharedEngine(engine, direct.records, direct.written::rest));
        channel.pipeline().addLast(direct.written).addLast(handler);
        handler.handshakeFuture().addListener(done -> direct.established = done.isSuccess());
        return direct;
    }

    /** Writes what can be written now, and leaves the rest in the buffers, to be written through the pipeline. */
    void write(ByteBuffer[] frames, WritableByteChannel socket) throws IOException {
        if (!established || records.isHeldByCurrentThread() || !records.tryLock()) {
            return;
        }
        try {
            while (rest == null && remaining(frames) && nothingIsBuffered() && encrypt(frames)) {
                socket.write(record);
                if (record.hasRemaining()) {
                    keepRest();
                }
            }
        } finally {
            records.unlock();
        }
    }

    /** @return whether a record was made */
    private boolean encrypt(ByteBuffer[] frames) throws IOException {
        record.clear();
        SSLEngineResult result = engine.wrap(frames, record);
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
            result = engine.wrap(frames, record);
        }
        record.flip();
        return result.bytesProduced() > 0;
    }

    private void keepRest() {
        rest = ByteBuffer.allocate(record.remaining()).put(record).flip();
        try {
            channel.eventLoop().execute(written::flush);
        } catch (RejectedExecutionException ended) {
            // The channel is closed, and so takes nothing.
        }
    }

    private boolean nothingIsBuffered() {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return buffer != null && buffer.totalPendingWriteBytes() == 0;
    }

    private static boolean remaining(ByteBuffer[] buffers) {
        for (ByteBuffer buffer : buffers) {
            if (buffer.hasRemaining()) {
                return true;
            }
        }
        return false;
    }

    /** Between the encryption and the channel's buffer; on the event loop. */
    private final class Written extends ChannelOutboundHandlerAdapter {

        private @Nullable ChannelHandlerContext context;

        @Override
        public void handlerAdded(ChannelHandlerContext added) {
            context = added;
        }

        @Override
        public void write(ChannelHandlerContext here, Object message, ChannelPromise promise) {
            here.write(message, promise);
            while (records.isHeldByCurrentThread()) {
                records.unlock();
            }
        }

        /** Puts what the socket did not take into the channel's buffer, with the lock. */
        private void rest() {
            ByteBuffer kept = rest;
            if (kept != null && context != null) {
                rest = null;
                context.write(Unpooled.wrappedBuffer(kept));
            }
        }

        private void flush() {
            records.lock();
            try {
                rest();
            } finally {
                records.unlock();
            }
            if (context != null) {
                context.flush();
            }
        }
    }
}
