package dev.lockstep.protocol.runtime;

import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The one place that keeps what happens again and again from filling a log: the same line is written once a minute, with how often it
 * has been held back meanwhile. Thread-safe; the lock guards the table of lines and is not held while one is written.
 */
public final class RepeatedLog {

    private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int MAX_LINES = 1_000;

    private final Time time;
    private final Map<String, Line> lines = new LruMap<>(MAX_LINES);

    private record Line(long writtenNanos, int heldBack) {}

    public RepeatedLog(Time time) {
        this.time = time;
    }

    /**
     * Writes a line, unless it was written within the last minute.
     *
     * @param what that is the same each time, of the line
     * @param logger writes it
     */
    public void say(String what, String line, Consumer<String> logger) {
        admit(what)
                .ifPresent(heldBack -> logger.accept(
                        heldBack == 0 ? line : line + " (" + heldBack + " times more since this was last said)"));
    }

    /**
     * Tells whether a line is to be written now, which the caller then does.
     *
     * @param what that is the same each time, of the line
     * @return how often it has been held back since it was last written; empty if it is held back now
     */
    public synchronized OptionalInt admit(String what) {
        long now = time.nanos();
        Line last = lines.get(what);
        if (last != null && now - last.writtenNanos() < INTERVAL_NANOS) {
            lines.put(what, new Line(last.writtenNanos(), last.heldBack() + 1));
            return OptionalInt.empty();
        }
        lines.put(what, new Line(now, 0));
        return OptionalInt.of(last == null ? 0 : last.heldBack());
    }
}
