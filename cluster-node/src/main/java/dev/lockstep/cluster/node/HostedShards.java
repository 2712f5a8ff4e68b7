package dev.lockstep.cluster.node;

import dev.lockstep.cluster.shard.ShardContext;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.RepeatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the shards that a layout places on this node, and removes those that it does not, with all that they have kept. A shard that is
 * being moved here is opened when its leader says so, empty, and is no voter then. Used on one loop, the first time by the thread that
 * starts the node.
 */
final class HostedShards {

    private static final Logger LOG = LoggerFactory.getLogger(HostedShards.class);
    /** Shards that catch up on one node at once. */
    private static final int STAGED_AT_ONCE = 2;

    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long RETRY_MILLIS = 100;

    private final NodeId self;
    private final ShardHost shards;
    private final ShardContext context;
    private final Time time;
    private final EventLoop loop;
    private final RepeatedLog log;
    private final Set<Integer> removing = new TreeSet<>();
    private Layout followed;
    private long lookAgainNanos;

    /** @param shards the replicas that are open, changed by this alone */
    HostedShards(NodeId self, Layout layout, ShardHost shards, ShardContext context) {
        this.self = self;
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
        followed = layout;
        if (newer || time.nanos() - lookAgainNanos >= 0) {
            look();
        }
    }

    private void look() {
        lookAgainNanos = time.nanos() + RETRY_NANOS;
        Layout layout = followed;
        Set<Integer> stopped = stopped();
        for (int shard = 0; shard < layout.map().shards(); shard++) {
            boolean hosted = shards.replica(shard) != null;
            if (removing.contains(shard)) {
                continue;
            }
            if (stopped.contains(shard) && !layout.hostsOf(shard).contains(self)) {
                remove(shard); // closed by Ratis, as the replica of a time when this node hosted the shard
            } else if (!layout.places(shard, self)) {
                if (hosted || context.consensus().stores(shard)) {
                    remove(shard);
                }
            } else if (!hosted
                    && (layout.hostsOf(shard).contains(self)
                            || context.consensus().stores(shard))) {
                open(shard, layout.hostsOf(shard));
            }
        }
    }

    private void open(int shard, List<NodeId> voters) {
        shards.host(shard, new ShardReplica(shard, voters, context));
    }

    private CompletableFuture<Void> remove(int shard) {
        removing.add(shard);
        shards.release(shard);
        CompletableFuture<Void> removed = new CompletableFuture<>();
        context.consensus()
                .remove(shard)
                .whenComplete((done, failure) -> loop.execute(() -> {
                    removing.remove(shard);
                    if (failure == null) {
                        context.stores().drop(shard);
                        LOG.info("Node {} has removed its replica of shard {}", self, shard);
                        removed.complete(null);
                    } else {
                        log.say(
                                "remove " + shard,
                                "The replica of shard " + shard + " could not be removed from node " + self
                                        + ", which is tried again: " + failure.getMessage(),
                                LOG::warn);
                        removed.completeExceptionally(failure);
                    }
                }));
        return removed;
    }

    /** Opens the replica of a shard that is being moved here: an empty one, after whatever was left of an earlier one is gone. */
    void open(Request.OpenReplica request, Consumer<Reply> reply) {
        int shard = request.group();
        if (shard >= followed.map().shards() || !followed.targetOf(shard).contains(self)) {
            reply.accept(later("Node " + self + " does not know yet that it is to host shard " + shard));
        } else if (shards.replica(shard) != null) {
            reply.accept(
                    isOpen(shard) ? new Reply.Done() : later("The replica of shard " + shard + " is being opened"));
        } else if (removing.contains(shard)) {
            reply.accept(later("Node " + self + " is removing an earlier replica of shard " + shard));
        } else if (staged() >= STAGED_AT_ONCE) {
            reply.accept(later(
                    "Node " + self + " has " + STAGED_AT_ONCE + " shards that are catching up, as many as at once"));
        } else {
            remove(shard).thenRun(() -> {
                if (followed.targetOf(shard).contains(self)) {
                    open(shard, request.voters());
                }
            });
            reply.accept(later("The replica of shard " + shard + " is being opened"));
        }
    }

    /** Tells whether the replica of a group takes part, or would if its group had it do so. */
    boolean isOpen(int group) {
        return context.consensus().replicas().stream()
                .anyMatch(replica -> replica.group() == group && !replica.note().equals(ReplicaStatus.OPENING));
    }

    /** The groups whose replicas on this node were closed by themselves. */
    Set<Integer> stopped() {
        return context.consensus().replicas().stream()
                .filter(replica -> replica.state() == ReplicaStatus.State.STOPPED)
                .map(ReplicaStatus::group)
                .collect(Collectors.toSet());
    }

    private long staged() {
        return shards.replicas().keySet().stream()
                        .filter(shard -> followed.targetOf(shard).contains(self)
                                && !followed.hostsOf(shard).contains(self))
                        .count()
                + removing.stream()
                        .filter(shard -> followed.targetOf(shard).contains(self))
                        .count();
    }

    static Reply later(String why) {
        return new Reply.Refused(Status.BUSY, why, RETRY_MILLIS, null);
    }
}
