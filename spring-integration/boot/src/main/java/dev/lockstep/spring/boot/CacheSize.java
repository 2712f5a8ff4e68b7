package dev.lockstep.spring.boot;

import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Time;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * The number of a cache's entries as the cluster last told it. Reading it waits for nothing: it has the cluster asked again if the last
 * answer is ten seconds old or older, for those who read later. Thread-safe.
 */
final class CacheSize {

    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final Supplier<? extends CompletionStage<Long>> question;
    private final Time time;
    private final AtomicBoolean asking = new AtomicBoolean();
    private volatile Deadline next;
    private volatile double entries = Double.NaN;

    /** @param question asks the cluster, waits for nothing, and has a deadline */
    CacheSize(Supplier<? extends CompletionStage<Long>> question, Time time) {
        this.question = question;
        this.time = time;
        this.next = Deadline.after(time, Duration.ZERO);
    }

    /** Returns the last number; not a number until it is known, and after the cluster did not answer. */
    double value() {
        if (next.isPast(time) && asking.compareAndSet(false, true)) {
            ask();
        }
        return entries;
    }

    private void ask() {
        try {
            question.get().whenComplete((size, failure) -> told(failure == null ? size : Double.NaN));
        } catch (RuntimeException closed) {
            told(Double.NaN);
        }
    }

    private void told(double size) {
        entries = size;
        next = Deadline.after(time, PAUSE);
        asking.set(false);
    }
}
