package dev.lockstep.cluster.testing;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A replica of a log whose standing, commits and applies a test decides. Proposals are committed and applied by {@link
 * #applyNext}, or at once unless {@link #hold} was called. Not thread-safe.
 */
public final class ScriptedLog implements ReplicatedLog {

    private final Queue<Proposal> held = new ArrayDeque<>();
    private final List<NodeId> stepDowns = new ArrayList<>();
    private @Nullable LogMachine machine;
    private Standing standing;
    private boolean holding;
    private long committed;
    private long applied;
    private long sinceContactNanos;

    private record Proposal(byte[] entry, CompletableFuture<Object> answer) {}

    public ScriptedLog(Standing standing) {
        this.standing = standing;
    }

    /** This node leads the voters, ready, in a term. */
    public static Standing leading(long term, NodeId self, Set<NodeId> voters) {
        return new Standing(term, true, true, self, List.of(voters));
    }

    /** Another node leads. */
    public static Standing following(long term, @Nullable NodeId leader, Set<NodeId> voters) {
        return new Standing(term, false, false, leader, List.of(voters));
    }

    /** Opens this log whatever is asked for. */
    public Consensus consensus() {
        return new Consensus() {
            @Override
            public ReplicatedLog open(int group, List<NodeId> replicas, LogMachine opened) {
                machine = opened;
                return ScriptedLog.this;
            }

            @Override
            public void close() {}
        };
    }

    public void become(Standing next) {
        standing = next;
        if (machine != null) {
            machine.standingChanged();
        }
    }

    /** From now on nothing is applied by itself. */
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
        machine.apply(applied, entry);
    }

    /** Commits and applies the oldest proposal that is held; false if there is none. */
    public boolean applyNext() {
        Proposal next = held.poll();
        if (next == null) {
            return false;
        }
        committed = Math.max(committed, applied + 1);
        Object answer = machine.apply(applied + 1, next.entry());
        applied++;
        next.answer().complete(answer);
        return true;
    }

    /** Fails all proposals that are held. */
    public void fail(Throwable cause) {
        List<Proposal> failed = List.copyOf(held);
        held.clear();
        failed.forEach(proposal -> proposal.answer().completeExceptionally(cause));
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

    @Override
    public CompletableFuture<Object> propose(byte[] entry) {
        if (!standing.leads()) {
            return CompletableFuture.failedFuture(new NotLeaderException("steered", standing.leader()));
        }
        Proposal proposal = new Proposal(entry, new CompletableFuture<>());
        held.add(proposal);
        if (!holding) {
            applyNext();
        }
        return proposal.answer();
    }

    @Override
    public Standing standing() {
        return standing;
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
        stepDowns.add(successor);
    }

    @Override
    public void close() {}
}
