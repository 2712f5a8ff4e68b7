package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.Bytes;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * When entries were last removed, so that "absent since" can be judged. Bounded by number and log time; the horizon tells
 * up to which version something was forgotten, so that forgetting can only turn a yes into a no. Replicated state, written
 * by the apply thread only.
 */
final class Tombstones {

    static final int MAX = 10_000;
    static final long KEPT_MILLIS = 60_000;

    private final LinkedHashMap<CacheKey, Removal> removals = new LinkedHashMap<>();
    private long horizon;

    private record CacheKey(int cacheId, Bytes key) {}

    private record Removal(long version, long atMillis) {}

    void removed(int cacheId, Bytes key, long version, long logTimeMillis) {
        CacheKey removed = new CacheKey(cacheId, key);
        removals.remove(removed);
        removals.put(removed, new Removal(version, logTimeMillis));
        forget(logTimeMillis);
    }

    private void forget(long logTimeMillis) {
        Iterator<Map.Entry<CacheKey, Removal>> oldestFirst = removals.entrySet().iterator();
        while (oldestFirst.hasNext()) {
            Removal oldest = oldestFirst.next().getValue();
            if (removals.size() <= MAX && oldest.atMillis() > logTimeMillis - KEPT_MILLIS) {
                return;
            }
            horizon = Math.max(horizon, oldest.version());
            oldestFirst.remove();
        }
    }

    /** Everything removed up to {@code version} is forgotten. */
    void forgetAll(long version) {
        removals.clear();
        horizon = Math.max(horizon, version);
    }

    /** Whether an absent key certainly was absent ever since {@code version}. */
    boolean absentSince(int cacheId, Bytes key, long version) {
        Removal removal = removals.get(new CacheKey(cacheId, key));
        return version >= horizon && (removal == null || removal.version() <= version);
    }
}
