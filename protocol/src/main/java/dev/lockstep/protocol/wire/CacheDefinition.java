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
 * @param maxBytes likewise, in bytes as {@link #entryBytes} counts them
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
        long maxBytes,
        Consistency consistency,
        EntryProcessing entryProcessing) {

    /**
     * The bytes that an entry counts for besides its key and value. As much as it takes on the heap of a node that stores it there, with a
     * deadline: {@code EntryBytesTest} measures it.
     */
    public static final int ENTRY_OVERHEAD = 256;

    public CacheDefinition {
        checkName(name);
        if (maxEntries < 0) {
            throw new IllegalArgumentException("max-entries of cache " + name + " is negative: " + maxEntries);
        }
        if (maxBytes < 0) {
            throw new IllegalArgumentException("max-bytes of cache " + name + " is negative: " + maxBytes);
        }
    }

    /** Creates a definition of a cache without a bound in bytes whose entry processors run under leases. */
    public CacheDefinition(
            String name,
            String keyType,
            String valueType,
            ExpiryRule expiry,
            String expiryPolicy,
            long maxEntries,
            Consistency consistency) {
        this(name, keyType, valueType, expiry, expiryPolicy, maxEntries, 0, consistency, EntryProcessing.LEASED);
    }

    /** Returns the bytes that an entry counts for. */
    public static long entryBytes(Bytes key, Bytes value) {
        return (long) ENTRY_OVERHEAD + key.size() + value.size();
    }

    /** Tells whether entries may be evicted. */
    public boolean isBounded() {
        return maxEntries > 0 || maxBytes > 0;
    }

    static void checkName(String name) {
        if (name.isEmpty() || name.length() > 512) {
            throw new IllegalArgumentException("A cache name has 1 to 512 characters, this one " + name.length());
        }
    }

    /** The same with another expiry, bounds, consistency or way of processing; null or empty for as it is. */
    public CacheDefinition altered(
            @Nullable ExpiryRule rule,
            OptionalLong entries,
            OptionalLong bytes,
            Optional<Consistency> promise,
            Optional<EntryProcessing> processing) {
        return new CacheDefinition(
                name,
                keyType,
                valueType,
                rule == null ? expiry : rule,
                expiryPolicy,
                entries.orElse(maxEntries),
                bytes.orElse(maxBytes),
                promise.orElse(consistency),
                processing.orElse(entryProcessing));
    }
}
