package dev.lockstep.jcache;

import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.CacheSettings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.configuration.Configuration;

/** A CacheManager of Lockstep, with operations beyond JSR-107; {@code manager.unwrap(LockstepCacheManager.class)}. Thread-safe. */
public interface LockstepCacheManager extends CacheManager {

    /**
     * Creates a cache as {@link #createCache(String, Configuration)} does, with settings that JSR-107's configuration has no place for.
     *
     * @param settings take precedence over every template
     */
    <K, V> Cache<K, V> createCache(String name, Configuration<K, V> configuration, CacheSettings settings);

    /** Returns whether a cache of this name was created or opened through this manager and is not closed. Costs no request. */
    boolean isOpen(String name);

    /** Describes in a few words where the entries are, for a log line at startup: in this JVM, or in which cluster. */
    String location();

    /** Counts the requests of this manager until now, also once it is closed. Costs no request. */
    ClientCounts counts();

    /**
     * Returns the longest time for which a replica in this JVM has not heard from its leader, or was not confirmed as the leader, as it is
     * several times in {@code max-staleness}. Beyond {@code max-staleness} the replica answers no reads. Costs no request.
     *
     * @return empty without a node in this JVM, and while none of its replicas has a leader for the first time
     */
    Optional<Duration> staleness();

    /**
     * Counts the replicas of the cluster's shards by state. Replicas of a node that does not answer within two seconds are missing; the
     * single node in memory has none.
     *
     * @throws IllegalStateException if the manager is closed
     */
    Map<ReplicaStatus.State, Long> replicas();
}
