package dev.lockstep.protocol.wire;

import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's definition of a cache, the same for every client that attaches to it.
 *
 * @param name unique among the caches that exist; 1 to 512 characters
 * @param keyType class name that keys are checked against at the caller, for example {@code java.lang.Object}
 * @param valueType likewise for values
 * @param expiry evaluated in the shards
 * @param expiryPolicy class name of a custom expiry policy that callers evaluate, or empty when {@code expiry} is all
 * @param maxEntries bound for the whole cluster, past which entries are evicted; 0 for none
 * @param consistency what a read promises unless it asks for more
 * @param entryProcessing the way in which callers run entry processors
 */
public record CacheDefinition(
        String name,
        String keyType,
        String valueType,
        ExpiryRule expiry,
        String expiryPolicy,
        long maxEntries,
        Consistency consistency,
        EntryProcessing entryProcessing) {

    public CacheDefinition {
        checkName(name);
        if (maxEntries < 0) {
            throw new IllegalArgumentException("max-entries of cache " + name + " is negative: " + maxEntries);
        }
    }

    /** Creates a definition of a cache whose entry processors run under leases. */
    public CacheDefinition(
            String name,
            String keyType,
            String valueType,
            ExpiryRule expiry,
            String expiryPolicy,
            long maxEntries,
            Consistency consistency) {
        this(name, keyType, valueType, expiry, expiryPolicy, maxEntries, consistency, EntryProcessing.LEASED);
    }

    static void checkName(String name) {
        if (name.isEmpty() || name.length() > 512) {
            throw new IllegalArgumentException("A cache name has 1 to 512 characters, this one " + name.length());
        }
    }

    /** The same with another expiry, bound, consistency or way of processing; null or empty for as it is. */
    public CacheDefinition altered(
            @Nullable ExpiryRule rule,
            OptionalLong bound,
            Optional<Consistency> promise,
            Optional<EntryProcessing> processing) {
        return new CacheDefinition(
                name,
                keyType,
                valueType,
                rule == null ? expiry : rule,
                expiryPolicy,
                bound.orElse(maxEntries),
                promise.orElse(consistency),
                processing.orElse(entryProcessing));
    }
}
