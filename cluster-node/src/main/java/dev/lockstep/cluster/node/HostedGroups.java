package dev.lockstep.cluster.node;

import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.shard.ShardContext;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.RepeatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the replicas of groups that a layout places on this node, and removes those that it does not, with all that they have kept. A group
 * that is being moved here is opened when its leader says so, empty, and is no voter then. Used on one loop, the first time by the thread
 * that starts the node.
 */
final class HostedGroups {

    private static final Logger LOG = LoggerFactory.getLogger(HostedGroups.class);
    /** Shards that catch up on one node at once. The control group has little to catch up on. */
    private static final int STAGED_AT_ONCE = 2;

    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long RETRY_MILLIS = 100;

    private final NodeId self;
    private final ControlGroup control;
    private final ShardHost shards;
    private final ShardContext context;
    private final Time time;
    private final EventLoop loop;
    private final RepeatedLog log;
    private final Set<Integer> removing = new TreeSet<>();
    private Layout followed;
    private long lookAgainNanos;

    /**
     * @param control opened and released by this alone
     * @param shards the replicas that are open, changed by this alone
     */
    HostedGroups(NodeId self, Layout layout, ControlGroup control, ShardHost shards, ShardContext context) {
        this.self = self;
        this.control = control;
        this.shards = shards;
        this.context = context;
        this.time = context.time();
        this.loop = context.loop();
        this.log = new RepeatedLog(time);
        this.followed = layout;
        look();
    }

    /** Follows a layout, the same as before or a newer one; called every few milliseconds. */
    void follow(Layout layout) {
        boolean newer = layout.version() > followed.version();
        boolean formed = !followed.isFormed() && layout.isFormed();
        followed = layout;
        if (formed) {
            removeUnformed();
        }
        if (newer || time.nanos() - lookAgainNanos >= 0) {
            look();
        }
    }

    /**
     * Removes the replicas that were opened by this node's settings alone, while it heard of no other, in a cluster that others had
     * formed. They have taken part in nothing, and a leader that moves a group here would take one for a replica opened for that move.
     */
    private void removeUnformed() {
        Stream.concat(Stream.of(ShardMap.CONTROL_GROUP).filter(this::isHosted), shards.replicas().keySet().stream())
                .filter(group ->
                        !isIn(followed, group) || !followed.hostsOf(group).contains(self))
                .forEach(this::remove);
    }

    private void look() {
        lookAgainNanos = time.nanos() + RETRY_NANOS;
        Layout layout = followed;
        Set<Integer> closed = closed();
        for (int group = ShardMap.CONTROL_GROUP; group < layout.map().shards(); group++) {
            boolean hosted = isHosted(group);
            if (removing.contains(group)) {
                continue;
            }
            if (closed.contains(group) && !layout.hostsOf(group).contains(self)) {
                remove(group); // the replica of a time when this node hosted the group
            } else if (!layout.places(group, self)) {
                if (hosted || context.consensus().stores(group)) {
                    remove(group);
                }
            } else if (!hosted
                    && (layout.hostsOf(group).contains(self)
                            || context.consensus().stores(group))) {
                open(group, layout.hostsOf(group));
            }
        }
    }

    private boolean isHosted(int group) {
        return group == ShardMap.CONTROL_GROUP ? control.isHosted() : shards.replica(group) != null;
    }

    private void open(int group, List<NodeId> voters) {
        if (group == ShardMap.CONTROL_GROUP) {
            control.open(voters);
        } else {
            shards.host(group, new ShardReplica(group, voters, context));
        }
    }

    private CompletableFuture<Void> remove(int group) {
        removing.add(group);
        if (group == ShardMap.CONTROL_GROUP) {
            control.release();
        } else {
            shards.release(group);
        }
        CompletableFuture<Void> removed = new CompletableFuture<>();
        context.consensus()
                .remove(group)
                .whenComplete((done, failure) -> loop.execute(() -> {
                    removing.remove(group);
                    if (failure == null) {
                        if (group != ShardMap.CONTROL_GROUP) {
                            context.stores().drop(group);
                        }
                        LOG.info("Node {} has removed its replica of {}", self, name(group));
                        removed.complete(null);
                    } else {
                        log.say(
                                "remove " + group,
                                "The replica of " + name(group) + " could not be removed from node " + self
                                        + ", which is tried again: " + failure.getMessage(),
                                LOG::warn);
                        removed.completeExceptionally(failure);
                    }
                }));
        return removed;
    }

    /** Opens the replica of a group that is being moved here: an empty one, after whatever was left of an earlier one is gone. */
    void open(Request.OpenReplica request, Consumer<Reply> reply) {
        int group = request.group();
        if (!followed.isFormed() || !isWanted(group)) {
            reply.accept(later("Node " + self + " does not know yet that it is to host " + name(group)));
        } else if (isHosted(group)) {
            reply.accept(
                    isOpen(group) ? new Reply.Done() : later("The replica of " + name(group) + " is being opened"));
        } else if (removing.contains(group)) {
            reply.accept(later("Node " + self + " is removing an earlier replica of " + name(group)));
        } else if (group != ShardMap.CONTROL_GROUP && staged() >= STAGED_AT_ONCE) {
            reply.accept(later(
                    "Node " + self + " has " + STAGED_AT_ONCE + " shards that are catching up, as many as at once"));
        } else {
            remove(group).thenRun(() -> {
                if (isWanted(group)) {
                    open(group, request.voters());
                }
            });
            reply.accept(later("The replica of " + name(group) + " is being opened"));
        }
    }

    /** Tells whether this node is to host a group. */
    private boolean isWanted(int group) {
        return isIn(followed, group) && followed.targetOf(group).contains(self);
    }

    /** Tells whether there is such a group: a node's settings may name more shards than the cluster was formed with. */
    private static boolean isIn(Layout layout, int group) {
        return group < layout.map().shards();
    }

    private static String name(int group) {
        return group == ShardMap.CONTROL_GROUP ? "the control group" : "shard " + group;
    }

    /** Tells whether the replica of a group takes part, or would if its group had it do so. */
    boolean isOpen(int group) {
        return context.consensus().replicas().stream()
                .anyMatch(replica -> replica.group() == group && !replica.note().equals(ReplicaStatus.OPENING));
    }

    /**
     * Returns the groups whose replicas on this node Ratis has closed by itself. A replica that has failed is not among them: it may be a voter, by a
     * move that is not recorded yet.
     */
    private Set<Integer> closed() {
        return context.consensus().replicas().stream()
                .filter(replica -> replica.state() == ReplicaStatus.State.STOPPED
                        && replica.note().equals(ReplicaStatus.CLOSED))
                .map(ReplicaStatus::group)
                .collect(Collectors.toSet());
    }

    private long staged() {
        return shards.replicas().keySet().stream()
                        .filter(shard ->
                                isWanted(shard) && !followed.hostsOf(shard).contains(self))
                        .count()
                + removing.stream()
                        .filter(group -> group != ShardMap.CONTROL_GROUP && isWanted(group))
                        .count();
    }

    static Reply later(String why) {
        return new Reply.Refused(Status.BUSY, why, RETRY_MILLIS, null);
    }
}
