package dev.lockstep.jcache;

import org.jspecify.annotations.Nullable;

/**
 * The result of a versioned read.
 *
 * @param value null when there is no entry
 * @param version the condition for a write that must not overlook anything that happened since
 */
public record Versioned<V>(@Nullable V value, Version version) {}
