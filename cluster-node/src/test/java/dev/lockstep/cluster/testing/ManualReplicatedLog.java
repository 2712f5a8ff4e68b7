package dev.lockstep.cluster.testing;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.topology.NodeId;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A log that this node leads, without a machine: what is proposed waits until the test answers it. Thread-safe. */
public final class ManualReplicatedLog<E, R> implements ReplicatedLog<E, R> {

    private final Leadership leadership;
    private final AtomicLong committed = new AtomicLong();
    private final Queue<Proposed<E, R>> proposed = new ConcurrentLinkedQueue<>();
    private volatile @Nullable RuntimeException failure;

    /** @param answer to be completed by the test */
    public record Proposed<E, R>(E entry, CompletableFuture<R> answer) {}

    public ManualReplicatedLog(NodeId self, Set<NodeId> voters) {
        this.leadership = new Leadership(1, true, true, self, List.of(voters));
    }

    /** The oldest proposal that is not taken yet. */
    public @Nullable Proposed<E, R> take() {
        return proposed.poll();
    }

    /** Throws this instead of taking proposals from now on; null to take them again. */
    public void fail(@Nullable RuntimeException with) {
        failure = with;
    }

    /** The next position is committed. */
    public void commit() {
        committed.incrementAndGet();
    }

    @Override
    public CompletableFuture<R> propose(E entry) {
        RuntimeException failing = failure;
        if (failing != null) {
            throw failing;
        }
        Proposed<E, R> next = new Proposed<>(entry, new CompletableFuture<>());
        proposed.add(next);
        return next.answer();
    }

    @Override
    public Leadership leadership() {
        return leadership;
    }

    @Override
    public long commitPosition() {
        return committed.get();
    }

    @Override
    public long appliedPosition() {
        return 0;
    }

    @Override
    public long sinceLeaderContactNanos() {
        return 0;
    }

    @Override
    public void stepDown(@Nullable NodeId successor) {
        throw new AssertionError("Nobody is late here");
    }

    @Override
    public void close() {}
}
