package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The number and bytes of the entries of a cache, or a change of them. Earlier versions of Lockstep have the number of entries
 * alone, read no more
 * than that, and write no more: so the bytes are missing after one has written.
 *
 * @param bytes as {@link CacheDefinition#entryBytes} counts them; {@link #UNKNOWN} where they are missing
 */
record RocksSum(long entries, long bytes) {

    static final RocksSum NONE = new RocksSum(0, 0);

    private static final long UNKNOWN = -1;

    static RocksSum of(Bytes key, StoredEntry entry) {
        return new RocksSum(1, CacheDefinition.entryBytes(key, entry.value()));
    }

    boolean isWithoutBytes() {
        return bytes == UNKNOWN;
    }

    RocksSum plus(RocksSum other) {
        return new RocksSum(entries + other.entries, bytes + other.bytes);
    }

    RocksSum minus(RocksSum other) {
        return new RocksSum(entries - other.entries, bytes - other.bytes);
    }

    /** Likewise; null is the sum of no entries. */
    @Nullable
    RocksSum plusOrNull(RocksSum other) {
        RocksSum sum = plus(other);
        return sum.entries == 0 ? null : sum;
    }

    byte[] encode() {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(entries)
                .putLong(bytes)
                .array();
    }

    static RocksSum decode(byte[] value) {
        ByteBuffer in = ByteBuffer.wrap(value);
        return new RocksSum(in.getLong(), in.hasRemaining() ? in.getLong() : UNKNOWN);
    }
}
