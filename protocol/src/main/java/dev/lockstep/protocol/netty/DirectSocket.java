package dev.lockstep.protocol.netty;

import io.netty.channel.Channel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.internal.SocketUtils;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A socket channel that any thread may write to past the event loop. Only {@link FrameWriter} does: it sees to it that there
 * is one writer at a time, and none while something waits in the channel's own buffer.
 */
final class DirectSocket extends NioSocketChannel {

    private volatile @Nullable DirectTls encryption;

    /** Creates a socket for a {@link io.netty.bootstrap.Bootstrap}. */
    DirectSocket() {}

    private DirectSocket(Channel parent, SocketChannel accepted) {
        super(parent, accepted);
    }

    /** Has all further writes encrypted. */
    void encrypted(DirectTls by) {
        encryption = by;
    }

    /** Writes what the socket takes at once, and leaves the rest in the buffers. */
    void write(ByteBuffer[] buffers) throws IOException {
        DirectTls tls = encryption;
        if (tls != null) {
            tls.write(buffers, javaChannel());
        } else if (buffers.length == 1) {
            javaChannel().write(buffers[0]);
        } else {
            javaChannel().write(buffers);
        }
    }

    /** Accepts such channels. */
    static final class Server extends NioServerSocketChannel {

        @Override
        protected int doReadMessages(List<Object> accepted) throws Exception {
            @Nullable SocketChannel socket = SocketUtils.accept(javaChannel());
            if (socket == null) {
                return 0;
            }
            accepted.add(new DirectSocket(this, socket));
            return 1;
        }
    }
}
