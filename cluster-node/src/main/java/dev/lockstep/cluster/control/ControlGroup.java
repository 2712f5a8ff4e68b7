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
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.UnknownFormatException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The control group, as this node knows it: by its replica, whose log holds {@link ControlCommand}s, or by copies of what the hosts know if
 * it has none. Thread-safe.
 */
public final class ControlGroup implements CacheCatalog, AutoCloseable {

    /** The longest wait until a decision that was acknowledged is known here; after that the leader is asked. */
    private static final long LEARN_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** The longest time for which the answer to a node that copies is held, for want of news. */
    static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long RETRY_MILLIS = 20;
    /** The term of a replica that there is not. */
    private static final long NO_TERM = -1;

    private final Consensus consensus;
    private final ReadIndexRounds rounds;
    private final Time time;
    private final EventLoop loop;
    private final Layout formation;
    private final Rules rules;
    private final TermConfirmations peers;
    private final ControlCopies copies;
    /** Those who wait for caches to be known here, by their ids. */
    private final AppliedPositionWaiters learnt;
    /** Nodes that copy, and wait for news. */
    private final Queue<Copying> copying = new ConcurrentLinkedQueue<>();
    /** Null while this node hosts none. Opened and released on one thread at a time. */
    private volatile @Nullable Replica replica;

    /** The newest that is known here: the replica's machine, or a copy. Never goes back; changed by {@link #know}. */
    private volatile ClusterMachine known;
    /** The newest layout that this node follows, which may be newer than the one that is known by the group. */
    private volatile Layout followed;

    private final AtomicBoolean askingAccess = new AtomicBoolean();
    /** Whether what is known has once been as new as the group. */
    private volatile boolean accessKnown;

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

    /** A replica of the group. */
    private record Replica(ClusterMachine machine, ReplicatedLog<ControlCommand, Reply> log, ReadBarrier barrier) {

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
     * Knows nothing yet, and has no replica.
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
        this.followed = formation;
        this.rounds = rounds;
        this.peers = peers;
        this.time = time;
        this.loop = loop;
        this.known = new ClusterMachine(rules.able());
        this.learnt = new AppliedPositionWaiters(() -> known.highestId(), time, loop);
        this.copies = new ControlCopies(peers, time, this::take);
    }

    /** Opens this node's replica, recovering what it had. @param voters see {@link Consensus#open} */
    public void open(List<NodeId> voters) {
        ClusterMachine machine = new ClusterMachine(rules.able());
        ReplicatedLog<ControlCommand, Reply> log =
                consensus.open(ShardMap.CONTROL_GROUP, voters, new Decisions(machine, () -> know(machine)));
        AppliedPositionWaiters applied = new AppliedPositionWaiters(log::appliedPosition, time, loop);
        ReadBarrier barrier = new ReadBarrier("The control group", ShardMap.CONTROL_GROUP, log, rounds, applied, time);
        replica = new Replica(machine, log, barrier);
    }

    /** Does without the replica, which is being removed. */
    public void release() {
        replica = null;
    }

    /** Tells whether this node has a replica. */
    public boolean isHosted() {
        return replica != null;
    }

    /** This replica's place in the group, at this moment; that of none if there is no replica. */
    public ReplicatedLog.Leadership leadership() {
        Replica now = replica;
        return now == null
                ? new ReplicatedLog.Leadership(NO_TERM, false, false, copies.leader(), List.of())
                : now.log().leadership();
    }

    /** The highest position applied here; 0 if there is no replica. */
    public long appliedPosition() {
        Replica now = replica;
        return now == null ? 0 : now.log().appliedPosition();
    }

    /** See {@link ReplicatedLog#votersAreCommitted}. */
    public boolean votersAreCommitted() {
        Replica now = replica;
        return now != null && now.log().votersAreCommitted();
    }

    /** Changes the voters of the group; see {@link ReplicatedLog#changeVoters}. */
    public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
        Replica now = replica;
        return now == null
                ? CompletableFuture.failedFuture(new IllegalStateException("The replica has been removed"))
                : now.log().changeVoters(from, to);
    }

    /** Hands leadership over, if it has it; whether it comes to that is seen by {@link #leadership}. */
    public void handOver(NodeId successor) {
        Replica now = replica;
        if (now != null) {
            now.log().stepDown(successor);
        }
    }

    /** Hands a request to the replica if there is one, and sends it on to the leader otherwise. */
    private void served(Consumer<Reply> reply, Consumer<Replica> then) {
        Replica now = replica;
        if (now == null) {
            reply.accept(elsewhere());
        } else {
            then.accept(now);
        }
    }

    private Reply.Refused elsewhere() {
        NodeId leader = copies.leader();
        return leader == null
                ? Reply.Refused.of(
                        Status.NO_LEADER,
                        "This node has no replica of the control group, and does not know which node leads it")
                : new Reply.Refused(Status.MOVED, "The control group is led by node " + leader, 0, leader);
    }

    // What is known

    /** A node that copies. Equal to itself alone, since its link may ask the same again. */
    private static final class Copying {

        private final long since;
        private final Consumer<Reply> reply;

        Copying(long since, Consumer<Reply> reply) {
            this.since = since;
            this.reply = reply;
        }
    }

    /** Knows by another machine from now on, if that has decided as much. */
    private void know(ClusterMachine other) {
        synchronized (this) {
            if (other != known && other.position() >= known.position()) {
                known = other;
            }
        }
        learnt.advanced();
        tellNews();
    }

    private void tellNews() {
        long position = known.position();
        for (Copying one : copying) {
            if (position > one.since) {
                loop.execute(() -> answer(one));
            }
        }
    }

    private void answer(Copying one) {
        if (copying.remove(one)) {
            one.reply.accept(known.copy(leadership().leader(), one.since));
        }
    }

    private void take(Reply.ControlCopy copy) {
        Bytes state = copy.state();
        if (state != null && copy.position() > known.position()) {
            ClusterMachine copied = new ClusterMachine(rules.able());
            try {
                copied.restore(state.array(), copy.position());
            } catch (UnknownFormatException newer) {
                return; // the members that have raised the cluster's version tell this node to stop
            }
            know(copied);
        }
    }

    /**
     * Answers what is known here to a node that has no replica, and knows what had changed up to a position: at once if more has, or
     * nobody would tell this node so. Otherwise the answer waits for that, for a second at most.
     */
    public void copy(Request.CopyControl request, Consumer<Reply> reply) {
        Copying one = new Copying(request.since(), reply);
        copying.add(one);
        if (known.position() > request.since() || !isHosted()) {
            answer(one);
        } else {
            loop.schedule(HOLD_NANOS, () -> answer(one));
            tellNews(); // there may have been some since
        }
    }

    /** Tells whether anything is known that the group has decided. */
    public boolean isInformed() {
        return known.position() > 0;
    }

    /**
     * Keeps what is known here up to date: called regularly, it copies what the hosts know while this node is no host, or not yet or no
     * longer for good. Who knows nothing at all asks any other member: the hosts may be down.
     *
     * @param newest the layout that this node follows
     */
    public void keepUp(Layout newest) {
        followed = newest;
        if (copies(newest)) {
            copies.keepAsking(
                    isInformed()
                            ? hosts(newest)
                            : others(newest.nodes().stream().map(Layout.Node::id)),
                    known.position());
        }
    }

    private boolean copies(Layout layout) {
        NodeId self = rounds.self();
        return layout.clusterVersion().hasControlCopies()
                && layout.isFormed()
                && !(layout.hostsOf(ShardMap.CONTROL_GROUP).contains(self)
                        && layout.targetOf(ShardMap.CONTROL_GROUP).contains(self));
    }

    private List<NodeId> hosts(Layout layout) {
        return others(layout.hostsOf(ShardMap.CONTROL_GROUP).stream());
    }

    private List<NodeId> others(Stream<NodeId> nodes) {
        return nodes.filter(node -> !node.equals(rounds.self())).toList();
    }

    /**
     * Proposes a {@link Request.CreateCache}, {@link Request.AlterCache}, {@link Request.DestroyCache}, {@link Request.DrainNode} or
     * {@link Request.ChangeAccess}.
     */
    public void propose(Request request, Consumer<Reply> reply) {
        served(reply, now -> propose(now, request, reply));
    }

    private void propose(Replica now, Request request, Consumer<Reply> reply) {
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
        return Objects.requireNonNullElse(known.layout(), formation);
    }

    /** Changes the layout as a {@link Request.AddNode}, {@link Request.RemoveNode}, {@link Request.MoveReplica} or {@link Request.ReplicasMoved} asks for. */
    public void change(Request request, Consumer<Reply> reply) {
        served(reply, now -> change(now, request, reply));
    }

    private void change(Replica now, Request request, Consumer<Reply> reply) {
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
        served(reply, now -> raise(now, request, reply));
    }

    private void raise(Replica now, Request.RaiseVersion request, Consumer<Reply> reply) {
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
        if (now == null || !now.log().leadership().ready() || laying.get()) {
            return;
        }
        Layout agreed = now.machine().layout();
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
                now, placeable, PlacementPlanner.plan(shards(now), placeable(now), rules.replicationFactor()));
    }

    private List<List<NodeId>> planned(Layout now, int kept) {
        return PlacementPlanner.planKeeping(kept, shards(now), placeable(now), rules.replicationFactor());
    }

    private List<PlacementPlanner.Host> placeable(Layout now) {
        return LayoutChanges.hosts(LayoutChanges.placeable(now, rules.replicationFactor()));
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
        served(reply, now -> now.barrier().pass(() -> reply.accept(now.machine().list()), reply));
    }

    // Access

    /**
     * Returns the users and roles, as far as is known here; null until what is known has once been as new as the group: before that there
     * may still be users that were removed, or none at all.
     */
    public @Nullable AccessRules access() {
        return accessKnown ? known.access() : null;
    }

    /** Learns from the group how new the users and roles have to be, and whether those known here are, unless that is known. On the loop. */
    public void keepAccess() {
        if (accessKnown || !askingAccess.compareAndSet(false, true)) {
            return;
        }
        Replica now = replica;
        ReplicatedLog.Leadership leadership = leadership();
        NodeId leader = leadership.leader();
        if (now != null && leadership.leads()) {
            now.barrier().pass(() -> accessIs(now.machine().access()), refusal -> askingAccess.set(false));
        } else if (leader == null) {
            askingAccess.set(false);
        } else {
            peers.ask(leader, new Request.DescribeAccess(), reply -> {
                if (reply instanceof Reply.Access access) {
                    accessIs(access.rules());
                } else {
                    askingAccess.set(false);
                }
            });
        }
    }

    private void accessIs(AccessRules newest) {
        if (known.access().revision() >= newest.revision()) {
            accessKnown = true;
        }
        askingAccess.set(false);
    }

    /** Answers the users and roles, linearizably. */
    public void describeAccess(Consumer<Reply> reply) {
        served(
                reply,
                now -> now.barrier()
                        .pass(
                                () -> reply.accept(
                                        new Reply.Access(now.machine().access().withoutVerifiers())),
                                reply));
    }

    /** Answers which node is drained, linearizably. */
    public void describeDrained(Consumer<Reply> reply) {
        served(
                reply,
                now -> now.barrier()
                        .pass(() -> reply.accept(new Reply.Drained(now.machine().drained())), reply));
    }

    /** Tells whether a node is drained, as far as is known here. */
    public boolean isDrained(NodeId node) {
        return node.equals(known.drained().node());
    }

    @Override
    public @Nullable CacheInfo cache(int cacheId) {
        return known.cache(cacheId);
    }

    /** Returns the caches that exist, as far as is known here. */
    public List<CacheInfo> known() {
        return known.list().caches();
    }

    @Override
    public boolean isDestroyed(int cacheId) {
        return known.isDestroyed(cacheId);
    }

    @Override
    public boolean hasMemory() {
        return layout().clusterVersion().hasMemory();
    }

    @Override
    public void learn(int cacheId, Consumer<Reply.@Nullable Refused> then) {
        Layout layout = followed;
        if (copies(layout) && known.highestId() < cacheId) {
            copies.askAll(hosts(layout), known.position());
        }
        learnt.await(cacheId, leadership().leads() ? 0 : LEARN_NANOS, isKnown -> {
            if (isKnown) {
                then.accept(null);
            } else {
                askLeader(cacheId, then);
            }
        });
    }

    private void askLeader(int cacheId, Consumer<Reply.@Nullable Refused> then) {
        Replica now = replica;
        ReplicatedLog.Leadership leadership = leadership();
        NodeId leader = leadership.leader();
        if (now != null && leadership.leads()) {
            now.barrier()
                    .pass(
                            () -> then.accept(now.machine().highestId() >= cacheId ? null : neverCreated(cacheId)),
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
        Replica now = replica;
        if (now != null) {
            now.log().close();
        }
    }
}
