package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;

/**
 * One record of a {@link ShardMachine}'s state. All records, in the order {@link Head}, caches, entries, sessions each
 * followed by its outcomes, tombstones, horizons, are the machine. Immutable.
 */
public sealed interface ShardRecord {

    /** @param checksum of all entries */
    record Head(long position, long logTimeMillis, long checksum) implements ShardRecord {}

    record Cache(CacheInfo info) implements ShardRecord {}

    /** One key's may come twice, and is the same then. */
    record Entry(int cacheId, Bytes key, StoredEntry entry) implements ShardRecord {}

    /** The least recently used comes first. */
    record Session(long high, long low, long completedBelow, long usedAtMillis) implements ShardRecord {}

    /** An answered request of the preceding session. */
    record Answered(long sequence, Outcome.Written outcome) implements ShardRecord {}

    /** The oldest comes first. */
    record Tombstone(int cacheId, Bytes key, long version, long atMillis) implements ShardRecord {}

    record Horizon(int cacheId, long version) implements ShardRecord {}

    /**
     * The term of the log's last entry. Kept in stores, and in no image: which one an image is of is said beside it.
     */
    record Term(long term) implements ShardRecord {}

    default byte[] encode() {
        WireWriter out = new WireWriter(64);
        if (this instanceof Head head) {
            out.u8(1).varint(head.position()).varint(head.logTimeMillis()).i64(head.checksum());
        } else if (this instanceof Cache cache) {
            out.u8(2);
            ValueCodec.cacheInfo(out, cache.info());
        } else if (this instanceof Entry entry) {
            out.u8(3).varint(entry.cacheId()).bytes(entry.key());
            out.bytes(entry.entry().value()).varint(entry.entry().version());
            out.varint(entry.entry().deadlineMillis());
        } else if (this instanceof Session session) {
            out.u8(4).i64(session.high()).i64(session.low());
            out.varint(session.completedBelow()).varint(session.usedAtMillis());
        } else if (this instanceof Answered answered) {
            Outcome.Written outcome = answered.outcome();
            out.u8(5).varint(answered.sequence()).varint(outcome.position()).varint(outcome.logTimeMillis());
            out.list(outcome.results(), ValueCodec::result);
        } else if (this instanceof Tombstone tombstone) {
            out.u8(6).varint(tombstone.cacheId()).bytes(tombstone.key());
            out.varint(tombstone.version()).varint(tombstone.atMillis());
        } else if (this instanceof Horizon horizon) {
            out.u8(7).varint(horizon.cacheId()).varint(horizon.version());
        } else if (this instanceof Term term) {
            out.u8(8).varint(term.term());
        }
        return out.toByteArray();
    }

    /** @throws MalformedFrameException when the bytes are no such piece */
    static ShardRecord decode(byte[] bytes) {
        WireReader in = new WireReader(bytes);
        int tag = in.u8();
        ShardRecord record = switch (tag) {
            case 1 -> new Head(in.varint(), in.varint(), in.i64());
            case 2 -> new Cache(ValueCodec.cacheInfo(in));
            case 3 -> new Entry(in.size(), in.bytes(), new StoredEntry(in.bytes(), in.varint(), in.varint()));
            case 4 -> new Session(in.i64(), in.i64(), in.varint(), in.varint());
            case 5 ->
                new Answered(in.varint(), new Outcome.Written(in.varint(), in.varint(), in.list(ValueCodec::result)));
            case 6 -> new Tombstone(in.size(), in.bytes(), in.varint(), in.varint());
            case 7 -> new Horizon(in.size(), in.varint());
            case 8 -> new Term(in.varint());
            default -> throw new MalformedFrameException("There is no record " + tag);
        };
        in.end();
        return record;
    }
}
