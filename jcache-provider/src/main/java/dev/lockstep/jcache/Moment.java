package dev.lockstep.jcache;

/**
 * The state of the cluster as one CacheManager had seen it at some time: what is written after the moment was taken has a later version.
 * Opaque and immutable; see {@link VersionedCache#moment}.
 */
public interface Moment {}
