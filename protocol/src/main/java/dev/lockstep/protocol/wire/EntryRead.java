package dev.lockstep.protocol.wire;

/**
 * An entry as it was read.
 *
 * @param version the position of its last change; what {@link Condition.VersionIs} compares
 * @param deadlineMillis wall-clock milliseconds at which it expires; {@link Long#MAX_VALUE} for never
 */
public record EntryRead(Bytes value, long version, long deadlineMillis) {}
