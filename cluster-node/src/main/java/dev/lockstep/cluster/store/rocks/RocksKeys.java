package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.store.Deadline;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The layout of a shard's column family (numbers are big-endian, so that the order of the bytes is theirs):
 *
 * <pre>
 * C  cache: 4                                            number of its entries: 8  their bytes: 8 (see RocksSum)
 * E  cache: 4  hash of the key: 8  key                   version: 8  deadline: 8  value
 * P  key of a metadata record                            record
 * W                                                      nothing: the family is whole, and no draft
 * X  cache: 4  deadline: 8  hash of the key: 8  key      nothing
 * </pre>
 *
 * Entries are in the order of {@link Bytes#compareTo}. Pure.
 */
final class RocksKeys {

    /** The number of this layout, and of the metadata records in it. */
    static final int SCHEMA = 1;

    static final byte COUNT = 'C';
    static final byte ENTRY = 'E';
    static final byte METADATA = 'P';
    static final byte WHOLE = 'W';
    static final byte DUE = 'X';

    static final byte[] NOTHING = {};

    private static final int ENTRY_HEAD = 1 + 4 + 8;
    private static final int DUE_HEAD = 1 + 4 + 8 + 8;
    private static final int VALUE_HEAD = 8 + 8;

    private RocksKeys() {}

    static byte[] all(byte kind) {
        return new byte[] {kind};
    }

    static byte[] metadata(Bytes key) {
        return ByteBuffer.allocate(1 + key.size())
                .put(METADATA)
                .put(key.array())
                .array();
    }

    /** Returns the prefix of all keys of a kind that belong to a cache. */
    static byte[] cache(byte kind, int cacheId) {
        return ByteBuffer.allocate(5).put(kind).putInt(cacheId).array();
    }

    static int cacheId(byte[] key) {
        return ByteBuffer.wrap(key).getInt(1);
    }

    static byte[] entry(int cacheId, Bytes key) {
        return ByteBuffer.allocate(ENTRY_HEAD + key.size())
                .put(ENTRY)
                .putInt(cacheId)
                .putLong(key.hash64())
                .put(key.array())
                .array();
    }

    static Bytes entryKey(byte[] key) {
        return Bytes.of(Arrays.copyOfRange(key, ENTRY_HEAD, key.length));
    }

    static byte[] value(StoredEntry entry) {
        return ByteBuffer.allocate(VALUE_HEAD + entry.value().size())
                .putLong(entry.version())
                .putLong(entry.deadlineMillis())
                .put(entry.value().array())
                .array();
    }

    static StoredEntry entry(byte[] value) {
        ByteBuffer head = ByteBuffer.wrap(value);
        return new StoredEntry(
                Bytes.of(Arrays.copyOfRange(value, VALUE_HEAD, value.length)), head.getLong(0), head.getLong(8));
    }

    static byte[] due(Deadline due) {
        return ByteBuffer.allocate(DUE_HEAD + due.key().size())
                .put(DUE)
                .putInt(due.cacheId())
                .putLong(due.deadlineMillis())
                .putLong(due.key().hash64())
                .put(due.key().array())
                .array();
    }

    static Deadline due(byte[] key) {
        ByteBuffer head = ByteBuffer.wrap(key);
        return new Deadline(head.getLong(5), head.getInt(1), Bytes.of(Arrays.copyOfRange(key, DUE_HEAD, key.length)));
    }

    /** The first key that does not begin with {@code prefix}, of those after it. */
    static byte[] after(byte[] prefix) {
        byte[] next = prefix.clone();
        for (int i = next.length - 1; i >= 0; i--) {
            next[i]++;
            if (next[i] != 0) {
                return Arrays.copyOf(next, i + 1);
            }
        }
        throw new IllegalArgumentException("There is nothing after the last prefix");
    }
}
