package dev.lockstep.protocol.wire;

/** A predicate on an entry that must hold for a mutation to be applied. An expired entry is absent. */
public sealed interface Condition {

    Condition ANY = new Any();
    Condition ABSENT = new Absent();
    Condition PRESENT = new Present();

    /** The condition that always holds. */
    record Any() implements Condition {}

    /** The condition that there is no entry. */
    record Absent() implements Condition {}

    /** The condition that there is an entry. */
    record Present() implements Condition {}

    /** The condition that there is an entry whose value has exactly these bytes. */
    record ValueIs(Bytes value) implements Condition {}

    /** The entry has not been changed since it was read: its version is still {@code version}. */
    record VersionIs(long version) implements Condition {}

    /**
     * The condition that there is no entry, and there was none at any time since {@code version}, the shard's last
     * version when absence was read. False as well when the shard can no longer tell.
     */
    record AbsentSince(long version) implements Condition {}
}
