package dev.lockstep.cluster.testing;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A replica of a log whose leadership, commits and applies a test decides. Proposals are committed and applied by {@link
 * #applyNext}, or at once unless {@link #hold} was called. Not thread-safe.
 */
public final class ScriptedLog {

    private final Queue<Opened<?, ?>.Proposal> held = new ArrayDeque<>();
    private final List<NodeId> stepDowns = new ArrayList<>();
    private @Nullable Opened<?, ?> opened;
    private Leadership leadership;
    private boolean holding;
    private int removed;
    private long committed;
    private long applied;
    private long sinceContactNanos;

    public ScriptedLog(Leadership leadership) {
        this.leadership = leadership;
    }

    /** This node leads the voters, ready, in a term. */
    public static Leadership leading(long term, NodeId self, Set<NodeId> voters) {
        return new Leadership(term, true, true, self, List.of(voters));
    }

    /** Another node leads. */
    public static Leadership following(long term, @Nullable NodeId leader, Set<NodeId> voters) {
        return new Leadership(term, false, false, leader, List.of(voters));
    }

    /** Opens this log whatever is asked for. */
    public Consensus consensus() {
        return new Consensus() {
            @Override
            public <E, R> ReplicatedLog<E, R> open(int group, List<NodeId> replicas, LogMachine<E, R> machine) {
                Opened<E, R> log = new Opened<>(machine);
                opened = log;
                return log;
            }

            @Override
            public CompletableFuture<Void> remove(int group) {
                removed++;
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public void close() {}
        };
    }

    /** The number of times that a replica was removed with all that it had. */
    public int removed() {
        return removed;
    }

    public void become(Leadership next) {
        leadership = next;
        if (opened != null) {
            opened.machine.leadershipChanged();
        }
    }

    /** Holds entries: nothing is applied by itself from now on. */
    public void hold() {
        holding = true;
    }

    /** Commits without applying. */
    public void commit(long position) {
        committed = position;
    }

    /** Entries of the log's own: the position rises, and the machine sees nothing. */
    public void skipTo(long position) {
        applied = position;
        committed = Math.max(committed, position);
    }

    /** Applies an entry that another node has proposed. */
    public void apply(byte[] entry) {
        applied++;
        committed = Math.max(committed, applied);
        opened.machine.replay(applied, entry);
    }

    /** Commits and applies the oldest proposal that is held; false if there is none. */
    public boolean applyNext() {
        Opened<?, ?>.Proposal next = held.poll();
        if (next == null) {
            return false;
        }
        committed = Math.max(committed, applied + 1);
        next.apply();
        return true;
    }

    /** Fails all proposals that are held. */
    public void fail(Throwable cause) {
        List<Opened<?, ?>.Proposal> failed = List.copyOf(held);
        held.clear();
        failed.forEach(proposal -> proposal.answer.completeExceptionally(cause));
    }

    public int held() {
        return held.size();
    }

    public List<NodeId> stepDowns() {
        return stepDowns;
    }

    public void sinceContact(long nanos) {
        sinceContactNanos = nanos;
    }

    public Leadership leadership() {
        return leadership;
    }

    public long appliedPosition() {
        return applied;
    }

    public void stepDown(@Nullable NodeId successor) {
        stepDowns.add(successor);
    }

    /** The log as it was opened with a machine. */
    private final class Opened<E, R> implements ReplicatedLog<E, R> {

        private final LogMachine<E, R> machine;

        Opened(LogMachine<E, R> machine) {
            this.machine = machine;
        }

        /** An entry that waits to be committed. */
        private final class Proposal {

            private final E entry;
            private final CompletableFuture<R> answer = new CompletableFuture<>();

            Proposal(E entry) {
                this.entry = entry;
            }

            void apply() {
                R result = machine.apply(applied + 1, entry);
                applied++;
                answer.complete(result);
            }
        }

        @Override
        public CompletableFuture<R> propose(E entry) {
            if (!leadership.leads()) {
                return CompletableFuture.failedFuture(new NotLeaderException("steered", leadership.leader()));
            }
            Proposal proposal = new Proposal(entry);
            held.add(proposal);
            if (!holding) {
                applyNext();
            }
            return proposal.answer;
        }

        @Override
        public Leadership leadership() {
            return leadership;
        }

        @Override
        public long commitPosition() {
            return committed;
        }

        @Override
        public long appliedPosition() {
            return applied;
        }

        @Override
        public long sinceLeaderContactNanos() {
            return sinceContactNanos;
        }

        @Override
        public void stepDown(@Nullable NodeId successor) {
            ScriptedLog.this.stepDown(successor);
        }

        @Override
        public void close() {}
    }
}
