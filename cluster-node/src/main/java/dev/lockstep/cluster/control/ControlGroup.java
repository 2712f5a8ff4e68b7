package dev.lockstep.cluster.control;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.placement.PlacementPlanner;
import dev.lockstep.cluster.readindex.AppliedPositionWaiters;
import dev.lockstep.cluster.readindex.ReadBarrier;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.cluster.shard.CacheCatalog;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** This node's replica of the control group; its log holds {@link ControlCommand}s. Thread-safe. */
public final class ControlGroup implements CacheCatalog, AutoCloseable {

    /** The longest wait until a decision that was acknowledged is applied here; after that the leader is asked. */
    private static final long LEARN_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private static final long RETRY_MILLIS = 20;

    private final ClusterMachine machine = new ClusterMachine();
    private final Layout formation;
    private final Rules rules;
    private final TermConfirmations peers;
    private final AppliedPositionWaiters learnt;
    private final ReplicatedLog<ControlCommand, Reply> log;
    private final ReadBarrier barrier;
    /** Whether a layout that this replica has proposed by itself is in flight. */
    private final AtomicBoolean laying = new AtomicBoolean();
    /** Version of the layout from which nothing followed by itself. */
    private volatile long settled = Layout.UNFORMED;

    /**
     * The settings of this node that hold for the cluster while it leads the group.
     *
     * @param templates of the caches that are created
     * @param replicationFactor replicas of each shard, if there are as many members
     */
    public record Rules(Templates templates, int replicationFactor) {}

    /**
     * Opens the replica, recovering what it had.
     *
     * @param formation the layout until the group has agreed on one
     * @param rules that hold while this node leads
     */
    public ControlGroup(
            Consensus consensus,
            Layout formation,
            Rules rules,
            ReadIndexRounds rounds,
            TermConfirmations peers,
            Time time,
            EventLoop loop) {
        this.rules = rules;
        this.formation = formation;
        this.peers = peers;
        this.learnt = new AppliedPositionWaiters(machine::highestId, time, loop);
        this.log = consensus.open(ShardMap.CONTROL_GROUP, formation.control(), new Decisions());
        AppliedPositionWaiters applied = new AppliedPositionWaiters(log::appliedPosition, time, loop);
        this.barrier = new ReadBarrier("The control group", ShardMap.CONTROL_GROUP, log, rounds, applied, time);
    }

    /** Applies what the group has decided. */
    private final class Decisions implements LogMachine<ControlCommand, Reply> {

        @Override
        public byte[] encode(ControlCommand command) {
            return command.encode();
        }

        @Override
        public ControlCommand decode(byte[] bytes) {
            return ControlCommand.decode(bytes);
        }

        @Override
        public Reply apply(long position, ControlCommand command) {
            Reply decision = decide(command);
            learnt.advanced();
            return decision;
        }

        private Reply decide(ControlCommand command) {
            if (command instanceof ControlCommand.Create create) {
                return machine.create(create.proposal(), create.completed(), create.highestId());
            } else if (command instanceof ControlCommand.Lay lay) {
                return machine.lay(lay.next());
            }
            Request request = ((ControlCommand.Plain) command).request();
            if (request instanceof Request.AlterCache alter) {
                return machine.alter(alter);
            } else if (request instanceof Request.DestroyCache destroy) {
                return machine.destroy(destroy.cacheId());
            } else if (request instanceof Request.DrainNode drain) {
                return machine.drain(drain);
            }
            throw new MalformedFrameException("The control log holds no " + request);
        }

        @Override
        public Image image() {
            byte[] all = machine.record();
            return new Image() {
                @Override
                public void forEach(Consumer<byte[]> record) {
                    record.accept(all);
                }

                @Override
                public void close() {
                    // It has a copy.
                }
            };
        }

        @Override
        public Restoration restoration() {
            return new Restoration() {
                private byte @Nullable [] all;

                @Override
                public void record(byte[] record) {
                    all = record;
                }

                @Override
                public void done(long position) {
                    machine.restore(Objects.requireNonNull(all, "The checkpoint has no record"));
                    learnt.advanced();
                }
            };
        }

        @Override
        public void leadershipChanged() {
            // Every request asks for the leadership again.
        }
    }

    /** This replica's place in the group, at this moment. */
    public ReplicatedLog.Leadership leadership() {
        return log.leadership();
    }

    /** The highest position applied here. */
    public long appliedPosition() {
        return log.appliedPosition();
    }

    /** Changes the voters of the group; see {@link ReplicatedLog#changeVoters}. */
    public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
        return log.changeVoters(from, to);
    }

    /** Hands leadership over, if it has it; whether it comes to that is seen by {@link #leadership}. */
    public void handOver(NodeId successor) {
        log.stepDown(successor);
    }

    /** Proposes a {@link Request.CreateCache}, {@link Request.AlterCache}, {@link Request.DestroyCache} or {@link Request.DrainNode}. */
    public void propose(Request request, Consumer<Reply> reply) {
        Reply.Refused refusal = barrier.refusal();
        if (refusal != null) {
            reply.accept(refusal);
            return;
        }
        ControlCommand command = new ControlCommand.Plain(request);
        if (request instanceof Request.CreateCache create) {
            CacheProposal proposal = create.proposal();
            String contradiction = rules.templates().contradiction(proposal);
            if (!contradiction.isEmpty()) {
                reply.accept(Reply.Refused.of(Status.DEFINITION_DIFFERS, contradiction));
                return;
            }
            command = new ControlCommand.Create(
                    proposal, proposal.completed(rules.templates().of(proposal.name())), create.highestId());
        }
        if (request instanceof Request.DrainNode drain
                && drain.node() != null
                && layout().member(drain.node()) == null) {
            reply.accept(Reply.Refused.of(Status.INVALID, LayoutChanges.noSuchNode(layout(), drain.node())));
            return;
        }
        propose(command, reply);
    }

    private void propose(ControlCommand command, Consumer<Reply> reply) {
        log.propose(command)
                .whenComplete((decision, failure) -> reply.accept(failure == null ? decision : refusal(failure)));
    }

    // The layout

    /** The layout that the group has agreed on, as far as is known here; before that, the one that it was opened with. */
    public Layout layout() {
        return Objects.requireNonNullElse(machine.layout(), formation);
    }

    /** Changes the layout as a {@link Request.AddNode}, {@link Request.RemoveNode}, {@link Request.MoveReplica} or {@link Request.ReplicasMoved} asks for. */
    public void change(Request request, Consumer<Reply> reply) {
        Layout agreed = machine.layout();
        if (barrier.refusal() != null || agreed == null) {
            reply.accept(Objects.requireNonNullElseGet(barrier.refusal(), ControlGroup::notFormed));
            return;
        }
        try {
            lay(agreed, LayoutChanges.asked(agreed, request), reply);
        } catch (LayoutChanges.RefusedChange refused) {
            reply.accept(Reply.Refused.of(Status.INVALID, String.valueOf(refused.getMessage())));
        }
    }

    private static Reply.Refused notFormed() {
        return new Reply.Refused(Status.BUSY, "The cluster is being formed", RETRY_MILLIS, null);
    }

    /** If this replica leads, has the group agree on the layout of the formation, and then on whatever follows from it. */
    public void keepLayout() {
        Layout agreed = machine.layout();
        if (!log.leadership().ready() || laying.get()) {
            return;
        }
        if (agreed == null) {
            layByItself(formation.formed());
        } else if (agreed.version() != settled) {
            Layout next = LayoutChanges.following(agreed, wanted(agreed));
            if (next.equals(agreed)) {
                settled = agreed.version();
            } else {
                layByItself(next);
            }
        }
    }

    private void layByItself(Layout next) {
        if (laying.compareAndSet(false, true)) {
            propose(new ControlCommand.Lay(next), reply -> laying.set(false));
        }
    }

    /** The nodes that are wanted for each shard: from where they are, or come to, to where they are best. */
    private List<List<NodeId>> wanted(Layout now) {
        List<PlacementPlanner.Host> hosts = now.members().stream()
                .filter(member -> !now.leaving().contains(member.id()))
                .map(member -> new PlacementPlanner.Host(member.id(), ""))
                .toList();
        List<List<NodeId>> present = now.groups()
                .filter(group -> group != ShardMap.CONTROL_GROUP)
                .mapToObj(now::targetOf)
                .toList();
        return PlacementPlanner.plan(present, hosts, rules.replicationFactor());
    }

    private void lay(Layout now, Layout next, Consumer<Reply> reply) {
        if (next.equals(now)) {
            barrier.pass(() -> reply.accept(new Reply.Done()), reply);
        } else {
            propose(new ControlCommand.Lay(next), reply);
        }
    }

    private Reply refusal(Throwable failure) {
        Throwable cause = Futures.cause(failure);
        return cause instanceof NotLeaderException
                ? barrier.elsewhere()
                : Reply.Refused.of(Status.INDETERMINATE, String.valueOf(cause.getMessage()));
    }

    /** Answers all caches that exist, linearizably. */
    public void list(Consumer<Reply> reply) {
        barrier.pass(() -> reply.accept(machine.list()), reply);
    }

    /** Answers which node is drained, linearizably. */
    public void describeDrained(Consumer<Reply> reply) {
        barrier.pass(() -> reply.accept(new Reply.Drained(machine.drained())), reply);
    }

    /** Tells whether a node is drained, as far as is known here. */
    public boolean isDrained(NodeId node) {
        return node.equals(machine.drained().node());
    }

    @Override
    public @Nullable CacheInfo cache(int cacheId) {
        return machine.cache(cacheId);
    }

    @Override
    public boolean isDestroyed(int cacheId) {
        return machine.isDestroyed(cacheId);
    }

    @Override
    public void learn(int cacheId, Consumer<Reply.@Nullable Refused> then) {
        long wait = log.leadership().leads() ? 0 : LEARN_NANOS;
        learnt.await(cacheId, wait, known -> {
            if (known) {
                then.accept(null);
            } else {
                askLeader(cacheId, then);
            }
        });
    }

    private void askLeader(int cacheId, Consumer<Reply.@Nullable Refused> then) {
        ReplicatedLog.Leadership leadership = log.leadership();
        NodeId leader = leadership.leader();
        if (leadership.leads()) {
            barrier.pass(
                    () -> then.accept(machine.highestId() >= cacheId ? null : neverCreated(cacheId)),
                    refusal -> then.accept(notYet(cacheId)));
        } else if (leader == null) {
            then.accept(notYet(cacheId));
        } else {
            peers.ask(leader, new Request.ListCaches(), reply -> {
                boolean certain = reply instanceof Reply.Caches caches
                        && caches.caches().stream().noneMatch(cache -> cache.id() >= cacheId);
                then.accept(certain ? neverCreated(cacheId) : notYet(cacheId));
            });
        }
    }

    private static Reply.Refused neverCreated(int cacheId) {
        return Reply.Refused.of(Status.NO_SUCH_CACHE, "Cache " + cacheId + " does not exist");
    }

    private static Reply.Refused notYet(int cacheId) {
        return new Reply.Refused(Status.BUSY, "This node does not know cache " + cacheId + " yet", RETRY_MILLIS, null);
    }

    @Override
    public void close() {
        log.close();
    }
}
