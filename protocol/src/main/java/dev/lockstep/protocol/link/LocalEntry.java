package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * An entry held by a replica in this JVM. Immutable but for {@link #decoded}, which lets the value of an immutable type be
 * decoded once and shared by all who read it; a race there only decodes twice.
 */
public final class LocalEntry {

    /** There is no entry. */
    public static final LocalEntry ABSENT = new LocalEntry(Bytes.EMPTY, 0, Long.MAX_VALUE);

    private final Bytes value;
    private final long version;
    private final long deadlineMillis;
    private @Nullable Object decoded;

    public LocalEntry(Bytes value, long version, long deadlineMillis) {
        this.value = value;
        this.version = version;
        this.deadlineMillis = deadlineMillis;
    }

    public Bytes value() {
        return value;
    }

    /** The position of the last change of its value. */
    public long version() {
        return version;
    }

    /** Wall-clock milliseconds at which it expires; {@link Long#MAX_VALUE} for never. */
    public long deadlineMillis() {
        return deadlineMillis;
    }

    /** The decoded value that was left here, or null. Only safely published objects of immutable types may be left. */
    public @Nullable Object decoded() {
        return decoded;
    }

    public void decoded(Object value) {
        this.decoded = value;
    }

    /** The same value, to expire at another time. */
    public LocalEntry expiringAt(long otherDeadlineMillis) {
        LocalEntry copy = new LocalEntry(value, version, otherDeadlineMillis);
        copy.decoded = decoded;
        return copy;
    }
}
