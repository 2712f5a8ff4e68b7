package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.fuzz.Allocation;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * A client's end of a connection, fed with whatever a node may send; the first two bytes are those of
 * {@link ServerStreamFuzz}. Each request is told once what came of it, and a subscription nothing after its end.
 */
public final class ClientStreamFuzz {

    private static final long FIXED_BYTES = 512 * 1024;
    private static final int BYTES_A_BYTE = 128;

    private ClientStreamFuzz() {}

    /** Notes what one request was told. */
    private static final class Told implements Link.ReplyHandler {

        private final List<Object> told = new ArrayList<>();
        private int ends;

        @Override
        public void reply(Reply reply) {
            note(reply, reply instanceof Reply.Refused);
        }

        @Override
        public void failed(boolean sent, Throwable cause) {
            note(cause, true);
        }

        private void note(Object what, boolean end) {
            if (ends > 0) {
                throw new AssertionError("After " + told + " it was told " + what);
            }
            told.add(what);
            ends += end ? 1 : 0;
        }
    }

    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length >= 2) {
            Allocation.atMost(FIXED_BYTES + (long) BYTES_A_BYTE * input.length, () -> {
                feed(input);
                return input;
            });
        }
    }

    private static void feed(byte[] input) {
        NettyLink link = new NettyLink(
                ServerStreamFuzz.CLUSTER, null, new Member(new NodeId("n1"), "127.0.0.1", 1), 100, null, () -> {});
        EmbeddedChannel channel = new EmbeddedChannel();
        link.initialize(channel);
        channel.pipeline().fireChannelActive();
        Told once = new Told();
        Told stream = new Told();
        link.send(new Request.Size(1, 2, Consistency.SESSION, 0, 0), once);
        link.send(new Request.Subscribe(2, 0, List.of(new Request.Subscribe.Start(1, -1))), stream);
        if ((input[0] & 1) == 1) {
            channel.writeInbound(Unpooled.wrappedBuffer(FrameCodec.encode(
                    0, new Reply.Welcome(FrameCodec.VERSION, ServerStreamFuzz.CLUSTER, new NodeId("n1"), 1 << 20))));
        }
        ServerStreamFuzz.cut(input, channel);
        channel.checkException();
        link.close();
        channel.finishAndReleaseAll();
        if (once.told.size() != 1 || stream.ends != 1) {
            throw new AssertionError("The requests were told " + once.told + " and " + stream.told);
        }
    }
}
