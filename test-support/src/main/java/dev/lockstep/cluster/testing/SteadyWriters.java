package dev.lockstep.cluster.testing;

import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Clients that write one key after the other, spread over all shards, until they are closed. Thread-safe. */
public final class SteadyWriters implements AutoCloseable {

    private static final int KEYS = 1_000;
    private static final int SOME = 200;

    private final AtomicLong count = new AtomicLong();
    private final AtomicLong longestNanos = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closed;

    public SteadyWriters(Clients clients, int cache, int writers) {
        for (int i = 0; i < writers; i++) {
            Session session = clients.open();
            int first = i * KEYS;
            Thread thread = new Thread(() -> write(session, cache, first), "steady-writer-" + i);
            threads.add(thread);
            thread.start();
        }
    }

    private void write(Session session, int cache, int first) {
        try {
            for (int i = 0; !closed; i++) {
                Bytes key = Bytes.utf8("key-" + (first + i % KEYS));
                long begun = System.nanoTime();
                session.write(cache, Mutation.put(key, Bytes.utf8("v" + i), Condition.ANY), LeaseId.NONE)
                        .join();
                longestNanos.accumulateAndGet(System.nanoTime() - begun, Math::max);
                count.incrementAndGet();
            }
        } catch (RuntimeException failed) {
            failure.compareAndSet(null, failed);
        }
    }

    /** Waits until some more writes have been acknowledged. */
    public void writeSome() throws Exception {
        long enough = count.get() + SOME;
        Eventually.holds("writes go on", () -> {
            throwIfFailed();
            return count.get() >= enough;
        });
    }

    public long count() {
        return count.get();
    }

    /** The duration of the slowest write that has ended. */
    public Duration longest() {
        throwIfFailed();
        return Duration.ofNanos(longestNanos.get());
    }

    private void throwIfFailed() {
        Throwable failed = failure.get();
        if (failed != null) {
            throw new IllegalStateException("A write failed", failed);
        }
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
