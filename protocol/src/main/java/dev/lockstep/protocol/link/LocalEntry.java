package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * The view that a session has of an entry held by a replica in this JVM. Thread-safe, and immutable but for {@link #decoded}, which
 * lets the value of an immutable type be decoded once and shared by all who read it; a race there only decodes twice.
 */
public interface LocalEntry {

    /** There is no entry. Compared by identity. */
    LocalEntry ABSENT = new AbsentEntry();

    /** Returns the marshalled value. */
    Bytes value();

    /** Returns the position of the last change of the value. */
    long version();

    /** Returns the decoded value that was left here, or null. */
    @Nullable
    Object decoded();

    /** Leaves the decoded value for other readers. Only safely published objects of immutable types may be left. */
    void decoded(Object value);
}
