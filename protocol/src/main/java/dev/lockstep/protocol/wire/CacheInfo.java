package dev.lockstep.protocol.wire;

/**
 * A cache that exists.
 *
 * @param id never used again, so that a cache created under an old name shares nothing with the old one; positive,
 *     rising in the order of creation
 * @param revision of the definition: 1 as created, one more for each time it was altered
 */
public record CacheInfo(int id, int revision, CacheDefinition definition) {

    /** A cache as it was created. */
    public CacheInfo(int id, CacheDefinition definition) {
        this(id, 1, definition);
    }
}
