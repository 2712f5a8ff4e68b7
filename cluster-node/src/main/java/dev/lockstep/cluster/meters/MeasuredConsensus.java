package dev.lockstep.cluster.meters;

import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.EntryTooLargeException;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ProposalSteps;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Logs whose proposals are measured, and which can be looked at. Thread-safe. */
public final class MeasuredConsensus implements Consensus {

    private final Consensus consensus;
    private final Time time;
    private final Timer applied;
    private final Timer refused;
    private final Timer unknown;
    private final DistributionSummary commands;
    private final Counter blocked;
    private final Map<Integer, ReplicatedLog<?, ?>> logs = new ConcurrentHashMap<>();

    public MeasuredConsensus(Consensus consensus, NodeMeters meters, Time time) {
        this.consensus = consensus;
        this.time = time;
        this.applied = meters.timer(NodeMeter.PROPOSALS, "applied");
        this.refused = meters.timer(NodeMeter.PROPOSALS, "refused");
        this.unknown = meters.timer(NodeMeter.PROPOSALS, "unknown");
        this.commands = meters.summary(NodeMeter.PROPOSAL_COMMANDS);
        this.blocked = meters.counter(NodeMeter.WRITES_BLOCKED);
    }

    /** Returns the logs that are open, by the number of their group. */
    public Map<Integer, ReplicatedLog<?, ?>> logs() {
        return new TreeMap<>(logs);
    }

    @Override
    public <E, R> ReplicatedLog<E, R> open(int group, List<NodeId> replicas, LogMachine<E, R> machine) {
        ReplicatedLog<E, R> opened = new Log<>(consensus.open(group, replicas, machine));
        logs.put(group, opened);
        return opened;
    }

    @Override
    public void members(List<Member> members) {
        consensus.members(members);
    }

    @Override
    public boolean stores(int group) {
        return consensus.stores(group);
    }

    @Override
    public CompletableFuture<Void> remove(int group) {
        logs.remove(group);
        return consensus.remove(group);
    }

    @Override
    public void serve(NodeId from, Bytes message, Consumer<Reply> answer) {
        consensus.serve(from, message, answer);
    }

    @Override
    public List<ReplicaStatus> replicas() {
        return consensus.replicas();
    }

    @Override
    public void recover(int group, long term, boolean electable, Consumer<Reply> answer) {
        consensus.recover(group, term, electable, answer);
    }

    @Override
    public void close() {
        consensus.close();
    }

    /** A log whose proposals are measured. */
    private final class Log<E, R> implements ReplicatedLog<E, R> {

        private final ReplicatedLog<E, R> log;

        Log(ReplicatedLog<E, R> log) {
            this.log = log;
        }

        @Override
        public CompletableFuture<R> propose(E entry) {
            return measured(entry, log::propose);
        }

        @Override
        public CompletableFuture<R> propose(E entry, ProposalSteps steps) {
            return measured(entry, same -> log.propose(same, steps));
        }

        private CompletableFuture<R> measured(E entry, Function<E, CompletableFuture<R>> propose) {
            if (entry instanceof Batch batch) {
                commands.record(batch.commands().size());
            }
            long begun = time.nanos();
            CompletableFuture<R> answer = propose.apply(entry);
            answer.whenComplete((result, failure) -> {
                Throwable cause = failure == null ? null : Futures.cause(failure);
                outcome(cause).record(time.nanos() - begun, TimeUnit.NANOSECONDS);
                if (entry instanceof Batch batch
                        && cause instanceof NotLeaderException refusal
                        && refusal.isSteppingDown()) {
                    blocked.increment(batch.commands().size());
                }
            });
            return answer;
        }

        private Timer outcome(@Nullable Throwable cause) {
            if (cause == null) {
                return applied;
            }
            return cause instanceof NotLeaderException || cause instanceof EntryTooLargeException ? refused : unknown;
        }

        @Override
        public ReplicatedLog<E, R> unmeasured() {
            return log.unmeasured();
        }

        @Override
        public boolean isAlone() {
            return log.isAlone();
        }

        @Override
        public Leadership leadership() {
            return log.leadership();
        }

        @Override
        public long commitPosition() {
            return log.commitPosition();
        }

        @Override
        public long knownCommitPosition() {
            return log.knownCommitPosition();
        }

        @Override
        public long appliedPosition() {
            return log.appliedPosition();
        }

        @Override
        public long sinceLeaderContactNanos() {
            return log.sinceLeaderContactNanos();
        }

        @Override
        public void stepDown(@Nullable NodeId successor) {
            log.stepDown(successor);
        }

        @Override
        public boolean votersAreCommitted() {
            return log.votersAreCommitted();
        }

        @Override
        public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
            return log.changeVoters(from, to);
        }

        @Override
        public CompletableFuture<@Nullable CheckpointPiece> checkpoint(long since, CheckpointPiece.Wanted wanted) {
            return log.checkpoint(since, wanted);
        }

        @Override
        public void lose(String cause) {
            log.lose(cause);
        }

        @Override
        public void close() {
            log.close();
        }
    }
}
