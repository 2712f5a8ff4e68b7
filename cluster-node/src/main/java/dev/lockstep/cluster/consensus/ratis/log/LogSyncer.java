package dev.lockstep.cluster.consensus.ratis.log;

import dev.lockstep.protocol.runtime.EventLoop;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Syncs the logs of a node on one thread: in the background, every 100 ms or MiB of what was written; or at once where
 * something waits for it, together for all logs that have something by then. Thread-safe.
 */
public final class LogSyncer implements AutoCloseable {

    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long MOST_BYTES = 1 << 20;

    private final EventLoop loop;
    private final boolean waitedFor;
    private final Set<Runnable> unsynced = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final AtomicBoolean requested = new AtomicBoolean();
    private final AtomicLong bytes = new AtomicLong();

    /**
     * @param loop closed with this
     * @param waitedFor whether acknowledgements wait for the sync
     */
    public LogSyncer(EventLoop loop, boolean waitedFor) {
        this.loop = loop;
        this.waitedFor = waitedFor;
    }

    /** Tells whether acknowledgements wait for the sync. */
    boolean isWaitedFor() {
        return waitedFor;
    }

    /**
     * Has a log synced soon.
     *
     * @param sync syncs it, on the loop; two requests with the same one may be answered by one sync
     * @param written the bytes that it was not synced with yet
     */
    void request(Runnable sync, long written) {
        long together = bytes.addAndGet(written);
        unsynced.add(sync);
        if (waitedFor || together >= MOST_BYTES) {
            if (!requested.get() && requested.compareAndSet(false, true)) {
                loop.execute(this::syncAll);
            }
        } else if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
            loop.schedule(INTERVAL_NANOS, this::syncAll);
        }
    }

    private void syncAll() {
        scheduled.set(false);
        requested.set(false);
        bytes.set(0);
        for (Runnable sync : unsynced) {
            unsynced.remove(sync);
            sync.run();
        }
    }

    /** Waits for the log that is being synced, five seconds at most. Logs sync themselves when they are closed. */
    @Override
    public void close() {
        loop.close();
    }
}
