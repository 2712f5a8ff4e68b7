package dev.lockstep.jcache.event;

import dev.lockstep.protocol.wire.Bytes;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.cache.CacheException;
import javax.cache.event.CacheEntryListenerException;
import org.jspecify.annotations.Nullable;

/**
 * The positions up to which synchronous listeners have been called in each shard, and their failures. Thread-safe; the
 * lock guards all fields.
 */
final class DeliveryProgress {

    /**
     * Failures that no operation waits for were of other managers' changes: beyond this many the oldest is forgotten.
     */
    private static final int MAX_FAILURES = 1_000;

    private final Map<Integer, Long> told = new HashMap<>();
    private final Map<Change, CacheEntryListenerException> failures = new LinkedHashMap<>();
    private boolean closed;

    private record Change(int shard, long position, Bytes key) {}

    synchronized void reached(int shard, long position) {
        told.merge(shard, position, Math::max);
        notifyAll();
    }

    synchronized void failed(int shard, long position, Bytes key, CacheEntryListenerException failure) {
        if (failures.size() >= MAX_FAILURES) {
            failures.remove(failures.keySet().iterator().next());
        }
        failures.putIfAbsent(new Change(shard, position, key), failure);
    }

    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /**
     * Waits until the listeners have processed all events up to a position.
     *
     * @return what a listener threw at the change of the key, or null
     */
    synchronized @Nullable CacheEntryListenerException await(int shard, long position, Bytes key, Duration timeout) {
        long remaining = timeout.toMillis();
        while (!closed && told.getOrDefault(shard, -1L) < position) {
            if (remaining <= 0) {
                throw new CacheException(
                        "The change was made, but the synchronous listeners have not processed it within "
                                + timeout.toMillis() + " ms");
            }
            long step = Math.min(remaining, 50);
            try {
                TimeUnit.MILLISECONDS.timedWait(this, step);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new CacheException("Interrupted while listeners run; the change was made", interrupted);
            }
            remaining -= told.getOrDefault(shard, -1L) < position ? step : 0;
        }
        return failures.remove(new Change(shard, position, key));
    }
}
