package dev.lockstep.cluster.eviction;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.cluster.machine.Command.Evict;
import dev.lockstep.cluster.machine.Command.Evict.Victim;
import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.StoreFailedException;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says, on the leader of a shard, what its bounded caches should lose. It only advises: entries go when the log says so, on
 * all replicas alike. It hears of every change and of a sample of the reads that this node serves; what followers serve it
 * does not know of. Elsewhere than on a leader it rests, and keeps nothing.
 *
 * <p>Thread-safe. Reads take no lock; for all else the lock guards what is kept of each cache.
 */
public final class EvictionAdvisor {

    /**
     * The most bytes of keys evicted by one batch, unless a single key has more. As much as a batch of the {@code
     * Proposer}.
     */
    public static final int MAX_BYTES = 512 * 1024;

    /**
     * The overhead of a victim in a batch besides its key: as much as a mutation, so that what one batch adds the next
     * can evict.
     */
    public static final int VICTIM_BYTES = 32;

    /** The number of entries from before its leadership that one call of {@link #upkeep} visits. */
    static final int MAX_FOUND = 4_096;

    private final Supplier<ShardStore> store;
    private final IntFunction<@Nullable CacheInfo> definitions;
    private final CapacityShares shares;
    private final LongSupplier memoryExcess;
    private final Map<Integer, Bounded> caches = new ConcurrentSkipListMap<>();
    private volatile boolean leading;

    /** The entries and bytes of a cache that a shard has too many. */
    private record Excess(long entries, long bytes) {

        boolean isNone() {
            return entries == 0 && bytes == 0;
        }
    }

    /** A bounded cache. */
    private final class Bounded {

        private final int cacheId;
        private final long maxEntries;
        private final long maxBytes;
        private final TinyLfu policy = new TinyLfu();
        private final ReadSample reads = new ReadSample();
        private @Nullable Iterator<Bytes> before;

        Bounded(int cacheId, CacheDefinition definition) {
            this.cacheId = cacheId;
            this.maxEntries = definition.maxEntries();
            this.maxBytes = definition.maxBytes();
        }

        void changed(CacheChange change) {
            Bytes key = change.change().key();
            switch (change.change().kind()) {
                case CREATED, UPDATED -> policy.written(key);
                case REMOVED, EXPIRED, EVICTED -> policy.removed(key);
                case CLEARED -> policy.cleared();
            }
        }

        void found(Bytes key) {
            if (entry(key) != null) {
                policy.found(key);
            }
        }

        private @Nullable StoredEntry entry(Bytes key) {
            try {
                return store.get().get(cacheId, key);
            } catch (StoreFailedException failed) {
                return null; // a thread that reads the entry to answer with it stops the replica
            }
        }

        /** Continues with the entries that were there before; changes meanwhile are heard of as they happen. */
        void findMore() {
            Iterator<Bytes> keys = before;
            for (int i = 0; keys != null && i < MAX_FOUND; i++) {
                if (keys.hasNext()) {
                    found(keys.next());
                } else {
                    keys = null;
                    before = null;
                }
            }
        }

        Excess excess() {
            ShardStore own = store.get();
            long entries = maxEntries == 0 ? 0 : shares.excess(maxEntries, own, one -> one.count(cacheId));
            long bytes = maxBytes == 0 ? 0 : shares.excess(maxBytes, own, one -> one.bytes(cacheId));
            return new Excess(entries, Math.max(bytes, ofMemory(own)));
        }

        /** Its part of what all bounded caches of the node give back, if there are too many bytes in the memory of a host. */
        private long ofMemory(ShardStore own) {
            long over = memoryExcess.getAsLong();
            long mine = over == 0 ? 0 : own.bytes(cacheId);
            return mine == 0 ? 0 : (long) Math.ceil((double) over * mine / Math.max(mine, shares.evictableBytes()));
        }

        List<Victim> choose(Excess excess, int maxBytes) {
            List<Victim> victims = new ArrayList<>();
            int bytes = 0;
            long freed = 0;
            while ((victims.size() < excess.entries() || freed < excess.bytes()) && bytes < maxBytes) {
                Bytes key = policy.next();
                if (key == null) {
                    break;
                }
                StoredEntry entry = entry(key);
                if (entry != null) {
                    victims.add(new Victim(key, entry.version()));
                    bytes += VICTIM_BYTES + key.size();
                    freed += CacheDefinition.entryBytes(key, entry.value());
                }
            }
            policy.admit();
            return victims;
        }
    }

    /**
     * @param store of the shard, which a checkpoint may replace while this rests
     * @param definitions of the caches that the shard's log knows
     * @param memoryExcess the bytes that the shard's hosts have too many in their memory
     */
    public EvictionAdvisor(
            Supplier<ShardStore> store,
            IntFunction<@Nullable CacheInfo> definitions,
            CapacityShares shares,
            LongSupplier memoryExcess) {
        this.store = store;
        this.definitions = definitions;
        this.shares = shares;
        this.memoryExcess = memoryExcess;
    }

    /** Begins to advise, unless it does already: what the store has is looked through in turns of {@link #upkeep}. */
    public synchronized void lead(Set<Integer> known) {
        if (leading) {
            return;
        }
        leading = true;
        for (int cacheId : known) {
            Bounded cache = bounded(cacheId);
            if (cache != null) {
                cache.before = store.get().keys(cacheId);
            }
        }
    }

    /** Tells whether there are bounded caches, as far as this has heard of changes. */
    public boolean isNeeded() {
        return !caches.isEmpty();
    }

    /** Forgets everything. */
    public synchronized void rest() {
        leading = false;
        caches.clear();
    }

    private @Nullable Bounded bounded(int cacheId) {
        Bounded known = caches.get(cacheId);
        if (known != null) {
            return known;
        }
        CacheInfo info = definitions.apply(cacheId);
        if (info == null || !info.definition().isBounded()) {
            return null;
        }
        Bounded cache = new Bounded(cacheId, info.definition());
        caches.put(cacheId, cache);
        return cache;
    }

    /** An entry is read here. Never waits. */
    public void read(int cacheId, Bytes key) {
        Bounded cache = caches.get(cacheId);
        if (cache != null) {
            cache.reads.note(key);
        }
    }

    /** Changes are in the store. To be told of all, in order, before the next batch is made. */
    public void applied(List<CacheChange> changes) {
        if (!leading || changes.isEmpty()) {
            return;
        }
        synchronized (this) {
            if (leading) {
                for (CacheChange change : changes) {
                    Bounded cache = bounded(change.cacheId());
                    if (cache != null) {
                        cache.changed(change);
                    }
                }
            }
        }
    }

    /**
     * Chooses the victims of the next batch: of each cache what it has too many, as far as there is room. All commands
     * answered here have to be given to {@link #settled} before this is asked again.
     */
    public List<Evict> next() {
        return caches.isEmpty() ? List.of() : chosen();
    }

    private synchronized List<Evict> chosen() {
        List<Evict> commands = new ArrayList<>();
        int room = MAX_BYTES;
        for (Bounded cache : caches.values()) {
            cache.reads.take(cache.policy::read);
            List<Victim> victims = cache.choose(cache.excess(), room);
            if (!victims.isEmpty()) {
                Evict evict = new Evict(cache.cacheId, victims);
                commands.add(evict);
                room -= size(evict);
            }
        }
        return commands;
    }

    /** The size of a command in a batch. */
    public static int size(Evict evict) {
        int size = 0;
        for (Victim victim : evict.victims()) {
            size += VICTIM_BYTES + victim.key().size();
        }
        return size;
    }

    /** A proposal is over, or its fate unknown; whatever of it is still there may be chosen again. */
    public synchronized void settled(Evict evict) {
        Bounded cache = caches.get(evict.cacheId());
        if (cache != null) {
            for (Victim victim : evict.victims()) {
                cache.found(victim.key());
            }
        }
    }

    /**
     * Prepares evictions that are due; called every few milliseconds while the shard is led.
     *
     * @return whether something should be evicted, with the next batch or without
     */
    public synchronized boolean upkeep() {
        boolean due = false;
        Iterator<Bounded> each = caches.values().iterator();
        while (each.hasNext()) {
            Bounded cache = each.next();
            if (definitions.apply(cache.cacheId) == null) {
                each.remove();
            } else {
                cache.reads.take(cache.policy::read);
                cache.findMore();
                due |= !cache.excess().isNone();
            }
        }
        return due;
    }
}
