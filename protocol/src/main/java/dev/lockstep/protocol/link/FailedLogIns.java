package dev.lockstep.protocol.link;

import dev.lockstep.protocol.runtime.LruMap;
import dev.lockstep.protocol.runtime.Time;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Counts the log-ins that have failed within a minute, so that passwords cannot be tried out: by address and user together, since a stranger
 * who fails as a user elsewhere must not lock it out, and by address alone. The table is bounded; the address that failed longest ago
 * gives way. Thread-safe; the lock guards the table.
 */
public final class FailedLogIns {

    public static final int MAX_OF_USER = 10;
    public static final int MAX_OF_ADDRESS = 100;
    static final int MAX_SOURCES = 10_000;

    private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final String ANY_USER = "";

    private record Source(String address, String user) {}

    private record Failures(long sinceNanos, int count) {}

    private final Time time;
    private final Map<Source, Failures> failures = new LruMap<>(MAX_SOURCES);

    public FailedLogIns(Time time) {
        this.time = time;
    }

    /** Returns for how many seconds that user must not try again from that address; 0 if it may. */
    public synchronized long secondsToWait(String address, String user) {
        return Math.max(
                secondsToWait(new Source(address, user), MAX_OF_USER),
                secondsToWait(new Source(address, ANY_USER), MAX_OF_ADDRESS));
    }

    private long secondsToWait(Source source, int max) {
        Failures known = failures.get(source);
        if (known == null || known.count() < max) {
            return 0;
        }
        long left = WINDOW_NANOS - (time.nanos() - known.sinceNanos());
        return left <= 0 ? 0 : TimeUnit.NANOSECONDS.toSeconds(left) + 1;
    }

    /**
     * Counts one that has failed.
     *
     * @param user empty when the message did not say
     */
    public synchronized void failed(String address, String user) {
        count(new Source(address, ANY_USER));
        if (!user.equals(ANY_USER)) {
            count(new Source(address, user));
        }
    }

    private void count(Source source) {
        long now = time.nanos();
        Failures known = failures.get(source);
        failures.put(
                source,
                known == null || now - known.sinceNanos() > WINDOW_NANOS
                        ? new Failures(now, 1)
                        : new Failures(known.sinceNanos(), known.count() + 1));
    }

    /** Forgets those that failed as that user from that address. */
    public synchronized void succeeded(String address, String user) {
        failures.remove(new Source(address, user));
    }
}
