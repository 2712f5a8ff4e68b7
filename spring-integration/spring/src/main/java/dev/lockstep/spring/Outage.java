package dev.lockstep.spring;

import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The times in which the cluster does not answer, for the caches of one manager: tells which failures are to be tolerated, has the
 * removals made up that were missed, and says so in the log at most every ten seconds. Thread-safe; the lock guards all fields.
 */
final class Outage implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Outage.class);
    private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final EventLoop loop;
    private final Time time;
    private final Set<TolerantCache> owing = new LinkedHashSet<>();
    private long lastToldNanos;
    private long untold;
    private boolean scheduled;

    /** @param loop to remove on what is owed; closed with this */
    Outage(EventLoop loop, Time time) {
        this.loop = loop;
        this.time = time;
        this.lastToldNanos = time.nanos() - QUIET_NANOS;
    }

    /** @throws RuntimeException the failure itself when it is not the cluster that could not be reached */
    void tolerate(String cache, RuntimeException failure) {
        if (!(failure instanceof LockstepCacheException refused)
                || refused.kind() == LockstepCacheException.Kind.PERMANENT) {
            throw failure;
        }
        tell(cache, refused);
    }

    private synchronized void tell(String cache, LockstepCacheException failure) {
        if (time.nanos() - lastToldNanos < QUIET_NANOS) {
            untold++;
            return;
        }
        LOG.warn(
                "Cache {} continues without the cluster: reads are misses, and what could not be written or removed is removed once the"
                        + " cluster answers ({}; {} more such failures since the last message)",
                cache,
                failure.getMessage(),
                untold);
        lastToldNanos = time.nanos();
        untold = 0;
    }

    /** Retries the cache's owed removals every second until they have been made. */
    synchronized void owes(TolerantCache cache) {
        owing.add(cache);
        schedule();
    }

    private synchronized void schedule() {
        if (!scheduled && !owing.isEmpty()) {
            scheduled = true;
            loop.schedule(AGAIN_NANOS, this::makeUp);
        }
    }

    private void makeUp() {
        for (TolerantCache cache : stillOwing()) {
            try {
                cache.makeUp(() -> settled(cache));
            } catch (RuntimeException failure) {
                LOG.debug("Cache {} can't send its pending removals yet", cache.getName(), failure);
            }
        }
        synchronized (this) {
            scheduled = false;
        }
        schedule();
    }

    private synchronized List<TolerantCache> stillOwing() {
        return List.copyOf(owing);
    }

    private synchronized void settled(TolerantCache cache) {
        owing.remove(cache);
        LOG.info("Cache {} has sent the removals that the cluster had missed", cache.getName());
    }

    @Override
    public void close() {
        loop.close();
        stillOwing()
                .forEach(cache -> LOG.warn(
                        "Cache {} is closed with removals that were never sent to the cluster: it may hold old values until they expire",
                        cache.getName()));
    }
}
