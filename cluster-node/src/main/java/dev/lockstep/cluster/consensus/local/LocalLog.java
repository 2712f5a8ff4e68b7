package dev.lockstep.cluster.consensus.local;

import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A log of one replica: proposing is committing, and no entry is ever encoded. Entries are applied in order by whichever proposing thread comes first, and
 * by it alone, so a lone proposer changes no thread. The lock guards the queue, and is not held while applying.
 */
final class LocalLog<E, R> implements ReplicatedLog<E, R> {

    private final LogMachine<E, R> machine;
    private final Leadership leading;
    private final Leadership stopped;
    private final Queue<Proposal<E, R>> queue = new ArrayDeque<>();
    private boolean applying;
    private volatile boolean closed;
    private volatile long applied;

    private record Proposal<E, R>(E entry, CompletableFuture<R> answer) {}

    LocalLog(NodeId self, LogMachine<E, R> machine) {
        this.machine = machine;
        this.leading = new Leadership(1, true, true, self, List.of(Set.of(self)));
        this.stopped = new Leadership(1, false, false, null, List.of(Set.of(self)));
    }

    @Override
    public CompletableFuture<R> propose(E entry) {
        CompletableFuture<R> answer = new CompletableFuture<>();
        synchronized (this) {
            if (closed) {
                return CompletableFuture.failedFuture(new NotLeaderException("The log is closed", null));
            }
            if (applying) {
                queue.add(new Proposal<>(entry, answer));
                return answer;
            }
            applying = true;
        }
        apply(entry, answer);
        drain();
        return answer;
    }

    @Override
    public boolean isAlone() {
        return true;
    }

    private void drain() {
        for (Proposal<E, R> next = take(); next != null; next = take()) {
            apply(next.entry(), next.answer());
        }
    }

    private void apply(E entry, CompletableFuture<R> answer) {
        long position = applied + 1;
        R result;
        try {
            result = machine.apply(position, entry);
        } catch (RuntimeException fatal) {
            close();
            answer.completeExceptionally(new UnknownOutcomeException("The machine has failed", fatal));
            machine.leadershipChanged();
            return;
        }
        applied = position;
        answer.complete(result);
    }

    private synchronized @Nullable Proposal<E, R> take() {
        Proposal<E, R> next = queue.poll();
        applying = next != null;
        return next;
    }

    @Override
    public Leadership leadership() {
        return closed ? stopped : leading;
    }

    @Override
    public long commitPosition() {
        return applied;
    }

    @Override
    public long appliedPosition() {
        return applied;
    }

    @Override
    public long sinceLeaderContactNanos() {
        return 0;
    }

    @Override
    public void stepDown(@Nullable NodeId successor) {
        // There is no other replica to step down for.
    }

    @Override
    public void close() {
        Queue<Proposal<E, R>> dropped;
        synchronized (this) {
            closed = true;
            dropped = new ArrayDeque<>(queue);
            queue.clear();
        }
        dropped.forEach(
                proposal -> proposal.answer().completeExceptionally(new NotLeaderException("The log is closed", null)));
    }
}
