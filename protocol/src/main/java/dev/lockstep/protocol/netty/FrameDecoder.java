package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.MalformedFrameException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/**
 * Cuts the stream into frames, each handed on as an array without its length. The length is checked before anything is
 * allocated; the limit is low until the handshake is done. Lives on its channel's event loop.
 */
final class FrameDecoder extends ByteToMessageDecoder {

    private static final int LENGTH_BYTES = 4;
    /** The first bytes of a connection with TLS: a record of a handshake, of version 3 (RFC 8446, section 5.1). */
    private static final int TLS_HANDSHAKE = 0x1603;

    private int maxBytes = FrameCodec.MAX_HANDSHAKE_BYTES;

    /** The handshake is done. */
    void allow(int newMaxBytes) {
        maxBytes = newMaxBytes;
    }

    /** All frames of a read are one burst. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object read) throws Exception {
        Burst.run(() -> super.channelRead(context, read));
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (in.readableBytes() < LENGTH_BYTES) {
            return;
        }
        int length = in.getInt(in.readerIndex());
        if (length < 2 || length > maxBytes) {
            in.skipBytes(in.readableBytes());
            if (length >>> 16 == TLS_HANDSHAKE) {
                throw new MalformedFrameException(
                        "The peer speaks TLS, and this node has no \"tls\" in its configuration");
            }
            throw new MalformedFrameException(
                    "A frame of " + (length & 0xFFFFFFFFL) + " bytes; 2 to " + maxBytes + " are allowed here");
        }
        if (in.readableBytes() >= LENGTH_BYTES + length) {
            byte[] body = new byte[length];
            in.skipBytes(LENGTH_BYTES).readBytes(body);
            out.add(body);
        }
    }
}
