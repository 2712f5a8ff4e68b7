package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.fuzz.Allocation;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A node's end of a connection, fed with whatever a peer may send. The first byte of an input says whether the handshake is
 * done before, the second how the rest is cut into reads. A connection that is closed was told why, and nothing that came
 * after what was refused is served.
 */
public final class ServerStreamFuzz {

    static final String CLUSTER = "demo";
    private static final int MAX_FRAME_BYTES = 256 * 1024;
    private static final long FIXED_BYTES = 512 * 1024;
    private static final int BYTES_A_BYTE = 128;
    /** Counts the requests that were served. */
    private static final AtomicInteger SERVED = new AtomicInteger();

    private static final NettyListener LISTENER = listener();

    private final List<Object> happened = new ArrayList<>();

    private ServerStreamFuzz() {}

    private static NettyListener listener() {
        try {
            return new NettyListener(
                    "127.0.0.1",
                    0,
                    CLUSTER,
                    NodeIdentity.untold(new NodeId("n1")),
                    MAX_FRAME_BYTES,
                    (peer, replies) -> new RequestServer.Connection() {
                        @Override
                        public void serve(long correlationId, Request request) {
                            SERVED.incrementAndGet();
                            replies.send(correlationId, new Reply.Done());
                        }

                        @Override
                        public void closed() {}
                    });
        } catch (IOException noPort) {
            throw new UncheckedIOException(noPort);
        }
    }

    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length >= 2) {
            Allocation.atMost(FIXED_BYTES + (long) BYTES_A_BYTE * input.length, () -> {
                new ServerStreamFuzz().feed(input);
                return input;
            });
        }
    }

    private void feed(byte[] input) {
        int servedBefore = SERVED.get();
        EmbeddedChannel channel = new EmbeddedChannel();
        LISTENER.initialize(channel, () -> {});
        if ((input[0] & 1) == 1) {
            channel.writeInbound(Unpooled.wrappedBuffer(
                    FrameCodec.encode(0, new Request.Hello(FrameCodec.VERSION, FrameCodec.VERSION, CLUSTER, null))));
        }
        cut(input, channel);
        boolean open = channel.isOpen();
        channel.checkException();
        channel.finish();
        ByteBuf written = Unpooled.buffer();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            written.writeBytes(part);
            part.release();
        }
        while (written.isReadable()) {
            byte[] body = new byte[written.readInt()];
            written.readBytes(body);
            happened.add(FrameCodec.decodeReply(body).message());
        }
        judge(open, SERVED.get() - servedBefore);
    }

    /** Feeds the input in reads of the size that its second byte says; a closed channel takes no more. */
    static void cut(byte[] input, EmbeddedChannel channel) {
        int size = (input[1] & 0xFF) == 0 ? input.length : input[1] & 0xFF;
        for (int from = 2; from < input.length && channel.isOpen(); from += size) {
            channel.writeInbound(
                    Unpooled.wrappedBuffer(Arrays.copyOfRange(input, from, Math.min(input.length, from + size))));
        }
    }

    private void judge(boolean open, int served) {
        long answers = happened.stream().filter(Reply.Done.class::isInstance).count();
        long refusals = happened.stream().filter(ServerStreamFuzz::isRefusal).count();
        boolean last = !happened.isEmpty() && isRefusal(happened.get(happened.size() - 1));
        if (refusals != (open ? 0 : 1) || last == open || answers != served) {
            throw new AssertionError("The connection is " + (open ? "open" : "closed") + " after " + happened + ", and "
                    + served + " requests were served");
        }
    }

    private static boolean isRefusal(Object reply) {
        return reply instanceof Reply.Refused refused && refused.status() != Status.BUSY;
    }
}
