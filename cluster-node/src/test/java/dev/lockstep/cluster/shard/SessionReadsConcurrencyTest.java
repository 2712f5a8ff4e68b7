package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.SessionPositions;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * One session that reads from two replicas without a lock while they apply the same log, one ahead of the other: whatever was
 * seen, no read that begins later sees less.
 */
@Tag("slow")
class SessionReadsConcurrencyTest {

    private final WrittenReplica ahead = new WrittenReplica();
    private final WrittenReplica behind = new WrittenReplica();
    private final SessionPositions session = new SessionPositions(1);
    private final AtomicLong seen = new AtomicLong();
    private final AtomicReference<String> wrong = new AtomicReference<>();

    private void applyAhead() {
        ahead.applyNext();
    }

    private void applyBehind() {
        if (behind.written() < ahead.written()) {
            behind.applyNext();
        }
    }

    private void readBoth() {
        read(ahead);
        read(behind);
    }

    private void read(WrittenReplica replica) {
        long before = seen.get();
        long value = replica.read(session);
        if (value == WrittenReplica.REFUSED) {
            return;
        }
        if (value < before) {
            wrong.set("After " + before + " was seen, a read has seen " + value);
        }
        seen.accumulateAndGet(value, Math::max);
    }

    @Test
    void threads() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            Future<?> writer = threads.submit(() -> {
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
                while (System.nanoTime() - end < 0) {
                    applyAhead();
                    applyBehind();
                }
            });
            Runnable reading = () -> {
                while (!writer.isDone()) {
                    readBoth();
                }
            };
            Future<?> reader = threads.submit(reading);
            Future<?> other = threads.submit(reading);
            writer.get(30, TimeUnit.SECONDS);
            reader.get(30, TimeUnit.SECONDS);
            other.get(30, TimeUnit.SECONDS);
        } finally {
            threads.shutdownNow();
        }
        assertThat(wrong.get()).isNull();
        assertThat(seen.get()).isGreaterThan(100);
    }
}
