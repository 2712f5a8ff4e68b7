package dev.lockstep.cluster.store.rocks;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The entries that were lately written or read, of all stores of a node, in a bounded part of the heap: so that a value
 * is read and decoded once. A writer changes an entry here too, after it can be loaded; a load and a change of the same
 * key then come one after the other, and so what stays is never older than what was written. Thread-safe.
 */
final class HotTier {

    /** The approximate overhead of an entry besides its bytes. */
    private static final int OVERHEAD = 160;

    private final Cache<Key, StoredEntry> entries;

    /** @param of what the key is a key of, by identity */
    private record Key(Object of, Bytes key) {}

    HotTier(long maxBytes) {
        entries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher(HotTier::weight)
                .executor(Runnable::run) // what there is to do is little, and needs no thread of its own
                .build();
    }

    /** The value counts twice: it may be decoded. */
    private static int weight(Key key, StoredEntry entry) {
        long weight = OVERHEAD + key.key().size() + 2L * entry.value().size();
        return (int) Math.min(weight, Integer.MAX_VALUE);
    }

    /**
     * @param load finds the entry where all of them are, or null; no other thread loads or changes it meanwhile
     */
    @Nullable
    StoredEntry get(Object of, Bytes key, Supplier<@Nullable StoredEntry> load) {
        Key whole = new Key(of, key);
        StoredEntry known = entries.getIfPresent(whole);
        return known != null ? known : entries.get(whole, missing -> load.get());
    }

    /** Adds an entry that a load would find. */
    void put(Object of, Bytes key, StoredEntry entry) {
        entries.put(new Key(of, key), entry);
    }

    /** Removes an entry that a load would not find. */
    void remove(Object of, Bytes key) {
        entries.invalidate(new Key(of, key));
    }
}
