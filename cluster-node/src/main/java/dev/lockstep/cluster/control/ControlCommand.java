package dev.lockstep.cluster.control;

import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestCodec;
import dev.lockstep.protocol.wire.UnknownFormatException;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;

/** The commands of the control group's log: a format version, a tag, the command. Immutable. */
sealed interface ControlCommand {

    /** Entries had no format at first, but began with one of three tags: such an entry is refused as one of the formats 1 to 3. */
    int FORMAT = 4;

    /**
     * Creates a cache, or attaches to one that has what the proposal says.
     *
     * @param completed the proposal with what the leader's templates said at that time
     * @param highestId that the caller knows of
     * @param onlyExisting whether it is not to be created
     */
    record Create(CacheProposal proposal, CacheDefinition completed, int highestId, boolean onlyExisting)
            implements ControlCommand {}

    /** Replaces the layout by the one that comes after it; does nothing if another has. */
    record Lay(Layout next) implements ControlCommand {}

    /** Does what a request says by itself. */
    record Plain(Request request) implements ControlCommand {}

    default byte[] encode() {
        WireWriter out = new WireWriter(128).u8(FORMAT);
        if (this instanceof Create create) {
            out.u8(1);
            ValueCodec.proposal(out, create.proposal());
            ValueCodec.definition(out, create.completed());
            out.varint(create.highestId()).bool(create.onlyExisting());
        } else if (this instanceof Plain plain) {
            out.u8(2);
            RequestCodec.write(out, plain.request());
        } else if (this instanceof Lay lay) {
            out.u8(3);
            ValueCodec.layout(out, lay.next());
        }
        return out.toByteArray();
    }

    static ControlCommand decode(byte[] entry) {
        WireReader in = new WireReader(entry);
        UnknownFormatException.require("The entry of the control group's log", in.u8(), FORMAT);
        int tag = in.u8();
        return switch (tag) {
            case 1 -> new Create(ValueCodec.proposal(in), ValueCodec.definition(in), in.size(), in.bool());
            case 2 -> new Plain(RequestCodec.read(in));
            case 3 -> new Lay(ValueCodec.layout(in));
            default -> throw new MalformedFrameException("The control log has no command " + tag);
        };
    }
}
