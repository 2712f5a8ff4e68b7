package dev.lockstep.protocol.wire;

/**
 * A cache that exists.
 *
 * @param id never used again, so that a cache created under an old name shares nothing with the old one; positive,
 *     rising in the order of creation
 */
public record CacheInfo(int id, CacheDefinition definition) {}
