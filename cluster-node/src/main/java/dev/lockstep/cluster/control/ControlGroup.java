package dev.lockstep.cluster.control;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.placement.PlacementPlanner;
import dev.lockstep.cluster.readindex.AppliedPositionWaiters;
import dev.lockstep.cluster.readindex.ReadBarrier;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.cluster.shard.CacheCatalog;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** This node's replica of the control group; its log holds {@link ControlCommand}s. Thread-safe. */
public final class ControlGroup implements CacheCatalog, AutoCloseable {

    /** The longest wait until a decision that was acknowledged is applied here; after that the leader is asked. */
    private static final long LEARN_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private static final long RETRY_MILLIS = 20;

    private final Consensus consensus;
    private final ReadIndexRounds rounds;
    private final Time time;
    private final EventLoop loop;
    private final Layout formation;
    private final Rules rules;
    private final TermConfirmations peers;
    /** Replaced when the replica is opened anew. */
    private volatile Replica replica;

    private final AtomicBoolean reopening = new AtomicBoolean();
    private final AtomicBoolean askingAccess = new AtomicBoolean();
    /** The machine that has once been as new as the group; null until one has. */
    private volatile @Nullable ClusterMachine accessKnown;

    /** Whether a layout that this replica has proposed by itself is in flight. */
    private final AtomicBoolean laying = new AtomicBoolean();
    /** Version of the layout from which nothing followed by itself. */
    private volatile long settled = Layout.UNFORMED;

    /**
     * The settings of this node that hold for the cluster while it leads the group.
     *
     * @param templates of the caches that are created
     * @param replicationFactor replicas of each shard, if there are as many members
     * @param replaceAfter how long a member has not answered when its replicas are placed on others; empty for never
     * @param able the cluster versions that the node can do, whether it leads or not
     */
    public record Rules(
            Templates templates, int replicationFactor, Optional<Duration> replaceAfter, ClusterVersion.Range able) {}

    /**
     * A replica of the group.
     *
     * @param learnt those who wait for caches to be known here, by their ids
     * @param staged whether it was opened as no voter, and empty
     */
    private record Replica(
            ClusterMachine machine,
            ReplicatedLog<ControlCommand, Reply> log,
            ReadBarrier barrier,
            AppliedPositionWaiters learnt,
            boolean staged) {

        void propose(ControlCommand command, Consumer<Reply> reply) {
            log.propose(command)
                    .whenComplete((decision, failure) -> reply.accept(failure == null ? decision : refusal(failure)));
        }

        private Reply refusal(Throwable failure) {
            Throwable cause = Futures.cause(failure);
            return cause instanceof NotLeaderException
                    ? barrier.elsewhere()
                    : Reply.Refused.of(Status.INDETERMINATE, String.valueOf(cause.getMessage()));
        }
    }

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
        this.consensus = consensus;
        this.rules = rules;
        this.formation = formation;
        this.rounds = rounds;
        this.peers = peers;
        this.time = time;
        this.loop = loop;
        this.replica = open(formation.control(), false);
    }

    private Replica open(List<NodeId> voters, boolean staged) {
        ClusterMachine machine = new ClusterMachine(rules.able());
        AppliedPositionWaiters learnt = new AppliedPositionWaiters(machine::highestId, time, loop);
        ReplicatedLog<ControlCommand, Reply> log =
                consensus.open(ShardMap.CONTROL_GROUP, voters, new Decisions(machine, learnt::advanced));
        AppliedPositionWaiters applied = new AppliedPositionWaiters(log::appliedPosition, time, loop);
        ReadBarrier barrier = new ReadBarrier("The control group", ShardMap.CONTROL_GROUP, log, rounds, applied, time);
        return new Replica(machine, log, barrier, learnt, staged);
    }

    /**
     * Replaces the replica by an empty one that can become a voter if this node does not host the group any more, and the replica is of
     * the time when it did: Ratis closes the replicas of voters that were removed. On the loop.
     *
     * @param hasStopped tells whether the replica was closed by itself
     */
    public void follow(Layout layout, NodeId self, BooleanSupplier hasStopped) {
        Replica now = replica;
        if (layout.hostsOf(ShardMap.CONTROL_GROUP).contains(self)) {
            if (now.staged()) {
                replica = new Replica(now.machine(), now.log(), now.barrier(), now.learnt(), false);
            }
            return;
        }
        boolean isLeft = !layout.places(ShardMap.CONTROL_GROUP, self) && !now.staged();
        if ((isLeft || hasStopped.getAsBoolean()) && reopening.compareAndSet(false, true)) {
            consensus
                    .remove(ShardMap.CONTROL_GROUP)
                    .whenComplete((removed, failure) -> loop.execute(() -> {
                        if (failure == null) {
                            replica = open(layout.control(), true);
                        }
                        reopening.set(false);
                    }));
        }
    }

    /** Tells whether the replica is being replaced by an empty one. */
    public boolean isReopening() {
        return reopening.get();
    }

    /** This replica's place in the group, at this moment. */
    public ReplicatedLog.Leadership leadership() {
        return replica.log().leadership();
    }

    /** The highest position applied here. */
    public long appliedPosition() {
        return replica.log().appliedPosition();
    }

    /** Changes the voters of the group; see {@link ReplicatedLog#changeVoters}. */
    public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
        return replica.log().changeVoters(from, to);
    }

    /** Hands leadership over, if it has it; whether it comes to that is seen by {@link #leadership}. */
    public void handOver(NodeId successor) {
        replica.log().stepDown(successor);
    }

    /**
     * Proposes a {@link Request.CreateCache}, {@link Request.AlterCache}, {@link Request.DestroyCache}, {@link Request.DrainNode} or
     * {@link Request.ChangeAccess}.
     */
    public void propose(Request request, Consumer<Reply> reply) {
        Replica now = replica;
        Reply.Refused refusal = now.barrier().refusal();
        if (refusal != null) {
            reply.accept(refusal);
            return;
        }
        if (request instanceof Request.ChangeAccess
                && !layout().clusterVersion().hasUsers()) {
            reply.accept(Reply.Refused.of(
                    Status.INVALID,
                    "Users and roles need a newer cluster version than "
                            + layout().clusterVersion()
                            + ", since members may still go back to one that has none. Once all run the new version of Lockstep:"
                            + " lockstep cluster finalize"));
            return;
        }
        boolean hasMemory = layout().clusterVersion().hasMemory();
        if (request instanceof Request.AlterCache alter && alter.maxBytes() != null && !hasMemory) {
            reply.accept(noBoundsInBytes());
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
            CacheDefinition completed = proposal.completed(rules.templates().of(proposal.name()));
            if (completed.maxBytes() > 0 && !hasMemory) {
                reply.accept(noBoundsInBytes());
                return;
            }
            command = new ControlCommand.Create(
                    hasMemory ? proposal : proposal.withoutMaxBytes(),
                    completed,
                    create.highestId(),
                    create.onlyExisting());
        }
        if (request instanceof Request.DrainNode drain
                && drain.node() != null
                && layout().member(drain.node()) == null) {
            reply.accept(Reply.Refused.of(Status.INVALID, LayoutChanges.noSuchNode(layout(), drain.node())));
            return;
        }
        now.propose(command, reply);
    }

    private Reply.Refused noBoundsInBytes() {
        return Reply.Refused.of(
                Status.INVALID,
                "max-bytes of a cache needs a newer cluster version than "
                        + layout().clusterVersion()
                        + ", since members may still go back to one that has none. Once all run the new version of Lockstep:"
                        + " lockstep cluster finalize");
    }

    // The layout

    /** The layout that the group has agreed on, as far as is known here; before that, the one that it was opened with. */
    public Layout layout() {
        return Objects.requireNonNullElse(replica.machine().layout(), formation);
    }

    /** Changes the layout as a {@link Request.AddNode}, {@link Request.RemoveNode}, {@link Request.MoveReplica} or {@link Request.ReplicasMoved} asks for. */
    public void change(Request request, Consumer<Reply> reply) {
        Replica now = replica;
        Reply.Refused refusal = now.barrier().refusal();
        Layout agreed = now.machine().layout();
        if (refusal != null || agreed == null) {
            reply.accept(refusal == null ? notFormed() : refusal);
            return;
        }
        try {
            lay(now, agreed, LayoutChanges.asked(agreed, request, this::planned), reply);
        } catch (RefusedChange refused) {
            reply.accept(Reply.Refused.of(Status.INVALID, String.valueOf(refused.getMessage())));
        }
    }

    /** Asks all members whether they can do the version that a {@link Request.RaiseVersion} names, and raises the cluster's if they can. */
    public void raise(Request.RaiseVersion request, Consumer<Reply> reply) {
        Replica now = replica;
        Reply.Refused refusal = now.barrier().refusal();
        Layout agreed = now.machine().layout();
        if (refusal != null || agreed == null) {
            reply.accept(refusal == null ? notFormed() : refusal);
        } else if (agreed.clusterVersion().compareTo(request.to()) >= 0) {
            lay(now, agreed, agreed, reply);
        } else {
            askVersions(agreed, able -> {
                List<String> obstacles = request.to().obstacles(able);
                if (obstacles.isEmpty()) {
                    lay(now, agreed, agreed.raised(request.to()), reply);
                } else {
                    reply.accept(Reply.Refused.of(
                            Status.INVALID,
                            "The cluster keeps version " + agreed.clusterVersion() + ", because not all members can do "
                                    + request.to() + ": " + String.join("; ", obstacles)
                                    + ". Start each with the new version of Lockstep; one that is gone for good:"
                                    + " lockstep node remove"));
                }
            });
        }
    }

    /** @param then told the versions that each member can do, this node among them; empty for one that does not answer */
    private void askVersions(Layout layout, Consumer<Map<NodeId, Optional<ClusterVersion.Range>>> then) {
        Map<NodeId, Optional<ClusterVersion.Range>> able = new ConcurrentSkipListMap<>();
        List<NodeId> members = layout.nodes().stream().map(Layout.Node::id).toList();
        AtomicInteger open = new AtomicInteger(members.size());
        for (NodeId member : members) {
            Consumer<Optional<ClusterVersion.Range>> answer = range -> {
                able.put(member, range);
                if (open.decrementAndGet() == 0) {
                    then.accept(able);
                }
            };
            if (member.equals(rounds.self())) {
                answer.accept(Optional.of(rules.able()));
            } else {
                peers.ask(
                        member,
                        new Request.DescribeVersions(),
                        reply -> answer.accept(
                                reply instanceof Reply.Versions versions
                                        ? Optional.of(versions.able())
                                        : Optional.empty()));
            }
        }
    }

    private static Reply.Refused notFormed() {
        return new Reply.Refused(Status.BUSY, "The cluster is being formed", RETRY_MILLIS, null);
    }

    /**
     * If this replica leads, has the group agree on the layout of the formation, and then on whatever follows from it.
     *
     * @param silentNanos the time for which a member has not answered this node; 0 for itself
     */
    public void keepLayout(ToLongFunction<NodeId> silentNanos) {
        Replica now = replica;
        Layout agreed = now.machine().layout();
        if (!now.log().leadership().ready() || laying.get()) {
            return;
        }
        if (agreed == null) {
            layByItself(now, formation.formed());
            return;
        }
        Layout next = rules.replaceAfter()
                .map(after -> GoneNodes.next(agreed, silentNanos, after.toNanos(), rules.replicationFactor()))
                .orElse(agreed);
        if (next.equals(agreed) && agreed.version() != settled) {
            next = following(agreed);
            settled = next.equals(agreed) ? agreed.version() : settled;
        }
        if (!next.equals(agreed)) {
            layByItself(now, next);
        }
    }

    private void layByItself(Replica by, Layout next) {
        if (laying.compareAndSet(false, true)) {
            by.propose(new ControlCommand.Lay(next), reply -> laying.set(false));
        }
    }

    /** The layout that follows by itself, with each shard where it is best. */
    private Layout following(Layout now) {
        List<Layout.Node> placeable = LayoutChanges.placeable(now, rules.replicationFactor());
        return LayoutChanges.following(
                now, placeable, PlacementPlanner.plan(shards(now), hosts(now), rules.replicationFactor()));
    }

    private List<List<NodeId>> planned(Layout now, int kept) {
        return PlacementPlanner.planKeeping(kept, shards(now), hosts(now), rules.replicationFactor());
    }

    private List<PlacementPlanner.Host> hosts(Layout now) {
        return LayoutChanges.placeable(now, rules.replicationFactor()).stream()
                .map(node -> new PlacementPlanner.Host(node.id(), node.zone()))
                .toList();
    }

    /** The nodes that are to host each shard: those that do, if it is not being moved. */
    private static List<List<NodeId>> shards(Layout now) {
        return now.groups()
                .filter(group -> group != ShardMap.CONTROL_GROUP)
                .mapToObj(now::targetOf)
                .toList();
    }

    private static void lay(Replica by, Layout now, Layout next, Consumer<Reply> reply) {
        if (next.equals(now)) {
            by.barrier().pass(() -> reply.accept(new Reply.Done()), reply);
        } else {
            by.propose(new ControlCommand.Lay(next), reply);
        }
    }

    /** Answers all caches that exist, linearizably. */
    public void list(Consumer<Reply> reply) {
        Replica now = replica;
        now.barrier().pass(() -> reply.accept(now.machine().list()), reply);
    }

    // Access

    /**
     * Returns the users and roles, as far as is known here; null until this replica has once been as new as the group: before that it may
     * still have users that were removed, or none at all.
     */
    public @Nullable AccessRules access() {
        ClusterMachine now = replica.machine();
        return accessKnown == now ? now.access() : null;
    }

    /** Learns from the group how new the users and roles have to be, and whether this replica's are, unless that is known. On the loop. */
    public void keepAccess() {
        Replica now = replica;
        if (accessKnown == now.machine() || !askingAccess.compareAndSet(false, true)) {
            return;
        }
        ReplicatedLog.Leadership leadership = now.log().leadership();
        NodeId leader = leadership.leader();
        if (leadership.leads()) {
            now.barrier().pass(() -> accessIs(now, now.machine().access()), refusal -> askingAccess.set(false));
        } else if (leader == null) {
            askingAccess.set(false);
        } else {
            peers.ask(leader, new Request.DescribeAccess(), reply -> {
                if (reply instanceof Reply.Access access) {
                    accessIs(now, access.rules());
                } else {
                    askingAccess.set(false);
                }
            });
        }
    }

    private void accessIs(Replica of, AccessRules newest) {
        if (of.machine().access().revision() >= newest.revision()) {
            accessKnown = of.machine();
        }
        askingAccess.set(false);
    }

    /** Answers the users and roles, linearizably. */
    public void describeAccess(Consumer<Reply> reply) {
        Replica now = replica;
        now.barrier()
                .pass(() -> reply.accept(new Reply.Access(now.machine().access().withoutVerifiers())), reply);
    }

    /** Answers which node is drained, linearizably. */
    public void describeDrained(Consumer<Reply> reply) {
        Replica now = replica;
        now.barrier().pass(() -> reply.accept(new Reply.Drained(now.machine().drained())), reply);
    }

    /** Tells whether a node is drained, as far as is known here. */
    public boolean isDrained(NodeId node) {
        return node.equals(replica.machine().drained().node());
    }

    @Override
    public @Nullable CacheInfo cache(int cacheId) {
        return replica.machine().cache(cacheId);
    }

    /** Returns the caches that exist, as far as is known here. */
    public List<CacheInfo> known() {
        return replica.machine().list().caches();
    }

    @Override
    public boolean isDestroyed(int cacheId) {
        return replica.machine().isDestroyed(cacheId);
    }

    @Override
    public boolean hasMemory() {
        return layout().clusterVersion().hasMemory();
    }

    @Override
    public void learn(int cacheId, Consumer<Reply.@Nullable Refused> then) {
        Replica now = replica;
        long wait = now.log().leadership().leads() ? 0 : LEARN_NANOS;
        now.learnt().await(cacheId, wait, known -> {
            if (known) {
                then.accept(null);
            } else {
                askLeader(now, cacheId, then);
            }
        });
    }

    private void askLeader(Replica by, int cacheId, Consumer<Reply.@Nullable Refused> then) {
        ReplicatedLog.Leadership leadership = by.log().leadership();
        NodeId leader = leadership.leader();
        if (leadership.leads()) {
            by.barrier()
                    .pass(
                            () -> then.accept(by.machine().highestId() >= cacheId ? null : neverCreated(cacheId)),
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
        replica.log().close();
    }
}
