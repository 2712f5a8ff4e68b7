package dev.lockstep.benchmarks.transports;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;

/**
 * Puts of 100 bytes to one group, as the product commits them: one batch is in flight, and what waits meanwhile makes the next.
 * Thread-safe; the lock is never held while proposing or answering.
 */
final class GroupCommit {

    static final int PUT_BYTES = 100;

    private final ReplicatedLog<byte[], Long> log;
    private final LongAdder rounds;
    private List<CompletableFuture<Long>> waiting = new ArrayList<>();
    private boolean inFlight;

    /** @param rounds counts the batches */
    GroupCommit(ReplicatedLog<byte[], Long> log, LongAdder rounds) {
        this.log = log;
        this.rounds = rounds;
    }

    /** Completes once the put's batch is committed and applied here, or fails with it. */
    CompletableFuture<Long> put() {
        CompletableFuture<Long> done = new CompletableFuture<>();
        synchronized (this) {
            waiting.add(done);
            if (inFlight) {
                return done;
            }
            inFlight = true;
        }
        send();
        return done;
    }

    private void send() {
        List<CompletableFuture<Long>> batch = take();
        if (batch.isEmpty()) {
            return;
        }
        rounds.increment();
        log.propose(new byte[batch.size() * PUT_BYTES]).whenComplete((answer, failure) -> {
            batch.forEach(put -> complete(put, answer, failure));
            send();
        });
    }

    private synchronized List<CompletableFuture<Long>> take() {
        List<CompletableFuture<Long>> batch = waiting;
        waiting = new ArrayList<>();
        inFlight = !batch.isEmpty();
        return batch;
    }

    private static void complete(CompletableFuture<Long> put, Long answer, Throwable failure) {
        if (failure == null) {
            put.complete(answer);
        } else {
            put.completeExceptionally(failure);
        }
    }
}
