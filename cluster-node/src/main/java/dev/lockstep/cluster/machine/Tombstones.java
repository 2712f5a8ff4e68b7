package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The versions of removals, kept so that "absent since" can be judged. Bounded by number and log time; a cache's
 * horizon tells up to which version something of it was forgotten, so that forgetting can only turn a yes into a no.
 * Replicated state, written by the apply thread only.
 */
final class Tombstones {

    static final int MAX = 10_000;
    static final long KEPT_MILLIS = 60_000;

    private final LinkedHashMap<CacheKey, Removal> removals = new LinkedHashMap<>();
    private final Map<Integer, Long> horizons = new HashMap<>();

    private final MachineMetadata kept;

    private record CacheKey(int cacheId, Bytes key) {}

    private record Removal(long version, long atMillis) {}

    Tombstones(MachineMetadata kept) {
        this.kept = kept;
    }

    /** @param version up to which an entry may have been seen; of several, the latest counts */
    void present(int cacheId, Bytes key, long version, long logTimeMillis) {
        CacheKey present = new CacheKey(cacheId, key);
        Removal before = removals.remove(present);
        long latest = before == null ? version : Math.max(version, before.version());
        removals.put(present, new Removal(latest, logTimeMillis));
        kept.tombstone(cacheId, key, latest, logTimeMillis);
        forget(logTimeMillis);
    }

    private void forget(long logTimeMillis) {
        Iterator<Map.Entry<CacheKey, Removal>> oldestFirst = removals.entrySet().iterator();
        while (oldestFirst.hasNext()) {
            Map.Entry<CacheKey, Removal> oldest = oldestFirst.next();
            if (removals.size() <= MAX && oldest.getValue().atMillis() > logTimeMillis - KEPT_MILLIS) {
                return;
            }
            horizon(oldest.getKey().cacheId(), oldest.getValue().version());
            kept.noTombstone(oldest.getKey().cacheId(), oldest.getKey().key());
            oldestFirst.remove();
        }
    }

    /** Drops the tombstones of a cache that was cleared at {@code version}. */
    void cleared(int cacheId, long version) {
        removals.keySet().removeIf(key -> isOver(key, cacheId));
        horizon(cacheId, version);
    }

    private void horizon(int cacheId, long version) {
        kept.horizon(cacheId, horizons.merge(cacheId, version, Math::max));
    }

    private boolean isOver(CacheKey key, int clearedCache) {
        if (key.cacheId() != clearedCache) {
            return false;
        }
        kept.noTombstone(clearedCache, key.key());
        return true;
    }

    /** The cache is gone, and its id is never used again. */
    void dropped(int cacheId) {
        removals.keySet().removeIf(key -> isOver(key, cacheId));
        horizons.remove(cacheId);
        kept.noHorizon(cacheId);
    }

    /** Returns the tombstones as they are now, the oldest first, and then the horizons. */
    List<ShardRecord> records() {
        List<ShardRecord> records = new ArrayList<>(removals.size() + horizons.size());
        removals.forEach((key, removal) -> records.add(
                new ShardRecord.Tombstone(key.cacheId(), key.key(), removal.version(), removal.atMillis())));
        horizons.forEach((cacheId, version) -> records.add(new ShardRecord.Horizon(cacheId, version)));
        return records;
    }

    void restore(ShardRecord.Tombstone record) {
        removals.put(new CacheKey(record.cacheId(), record.key()), new Removal(record.version(), record.atMillis()));
    }

    void restore(ShardRecord.Horizon record) {
        horizons.put(record.cacheId(), record.version());
    }

    /** Tells whether an absent key certainly was absent ever since {@code version}. */
    boolean absentSince(int cacheId, Bytes key, long version) {
        Removal removal = removals.get(new CacheKey(cacheId, key));
        return version >= horizons.getOrDefault(cacheId, 0L) && (removal == null || removal.version() <= version);
    }
}
