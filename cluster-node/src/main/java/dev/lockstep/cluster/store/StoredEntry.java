package dev.lockstep.cluster.store;

import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.wire.Bytes;
import org.jspecify.annotations.Nullable;

/** An entry of a shard, as its replicas hold it; sessions in this JVM are handed it as it is, without a copy. */
public final class StoredEntry implements LocalEntry {

    private final Bytes value;
    private final long version;
    private final long deadlineMillis;
    private @Nullable Object decoded;

    public StoredEntry(Bytes value, long version, long deadlineMillis) {
        this.value = value;
        this.version = version;
        this.deadlineMillis = deadlineMillis;
    }

    @Override
    public Bytes value() {
        return value;
    }

    @Override
    public long version() {
        return version;
    }

    /** Returns the wall-clock milliseconds at which it expires; {@link Long#MAX_VALUE} for never. */
    public long deadlineMillis() {
        return deadlineMillis;
    }

    @Override
    public @Nullable Object decoded() {
        return decoded;
    }

    @Override
    public void decoded(Object value) {
        this.decoded = value;
    }

    /** Returns the same value, to expire at another time. */
    public StoredEntry expiringAt(long otherDeadlineMillis) {
        StoredEntry copy = new StoredEntry(value, version, otherDeadlineMillis);
        copy.decoded = decoded;
        return copy;
    }
}
