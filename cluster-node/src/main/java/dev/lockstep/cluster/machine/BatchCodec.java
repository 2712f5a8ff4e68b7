package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.machine.Command.Evict.Victim;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.UnknownFormatException;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.nio.ByteBuffer;

/**
 * The bytes of a {@link Batch} in the log: a format version, whether it visits whole caches, the header, the commands.
 * Stateless.
 */
public final class BatchCodec {

    private static final int FORMAT = 4;

    private BatchCodec() {}

    public static byte[] encode(Batch batch) {
        WireWriter out = new WireWriter(256).u8(FORMAT).bool(batch.visitsWholeCaches());
        out.varint(batch.stampMillis()).varint(batch.previousPosition()).i64(batch.previousChecksum());
        return out.list(batch.commands(), BatchCodec::write).toByteArray();
    }

    /** @throws MalformedFrameException when the bytes are no batch; an {@link UnknownFormatException} when they have another format */
    public static Batch decode(byte[] bytes) {
        WireReader in = new WireReader(bytes);
        UnknownFormatException.require("The log entry", in.u8(), FORMAT);
        in.bool(); // for callers that have not decoded it
        Batch batch = new Batch(in.varint(), in.varint(), in.i64(), in.list(BatchCodec::read));
        in.end();
        return batch;
    }

    /** Tells of the bytes of a batch what {@link Batch#visitsWholeCaches} tells of it; true when they are of another format. */
    public static boolean visitsWholeCaches(ByteBuffer entry) {
        return entry.remaining() < 2 || entry.get(entry.position()) != FORMAT || entry.get(entry.position() + 1) != 0;
    }

    private static void write(WireWriter out, Command command) {
        if (command instanceof Command.Write write) {
            out.u8(1).varint(write.cacheId());
            ValueCodec.requestId(out, write.id());
            out.list(write.mutations(), ValueCodec::mutation);
        } else if (command instanceof Command.Clear clear) {
            out.u8(2).varint(clear.cacheId());
            ValueCodec.requestId(out, clear.id());
        } else if (command instanceof Command.Define define) {
            out.u8(3);
            ValueCodec.cacheInfo(out, define.info());
        } else if (command instanceof Command.Drop drop) {
            out.u8(4).varint(drop.cacheId());
        } else if (command instanceof Command.Tick) {
            out.u8(5);
        } else if (command instanceof Command.Evict evict) {
            out.u8(6).varint(evict.cacheId());
            out.list(evict.victims(), (o, victim) -> o.bytes(victim.key()).varint(victim.version()));
        }
    }

    private static Command read(WireReader in) {
        int tag = in.u8();
        return switch (tag) {
            case 1 -> new Command.Write(in.size(), ValueCodec.requestId(in), in.list(ValueCodec::mutation));
            case 2 -> new Command.Clear(in.size(), ValueCodec.requestId(in));
            case 3 -> new Command.Define(ValueCodec.cacheInfo(in));
            case 4 -> new Command.Drop(in.size());
            case 5 -> new Command.Tick();
            case 6 -> new Command.Evict(in.size(), in.list(i -> new Victim(i.bytes(), i.varint())));
            default -> throw new MalformedFrameException("There is no command " + tag);
        };
    }
}
