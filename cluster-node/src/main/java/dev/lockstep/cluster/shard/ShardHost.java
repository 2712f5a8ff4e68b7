package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.machine.Command;
import dev.lockstep.protocol.routing.LocalEntry;
import dev.lockstep.protocol.routing.LocalReplicas;
import dev.lockstep.protocol.routing.SessionPositions;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The replicas of this node, by shard. Thread-safe. */
public final class ShardHost implements LocalReplicas, AutoCloseable {

    private final List<ShardReplica> replicas;

    public ShardHost(List<ShardReplica> replicas) {
        this.replicas = List.copyOf(replicas);
    }

    @Override
    public @Nullable LocalEntry get(int cacheId, int shard, Bytes key, SessionPositions session) {
        return replicas.get(shard).get(cacheId, key, shard, session);
    }

    /** Serves a request about a shard; what is no such request, or no such shard, is refused. */
    public void serve(Request.ToShard request, Consumer<Reply> reply) {
        if (request.shard() >= replicas.size()) {
            reply.accept(notHosted(request.shard()));
            return;
        }
        ShardReplica replica = replicas.get(request.shard());
        if (request instanceof Request.Read read) {
            replica.read(read, reply);
        } else if (request instanceof Request.Write write && !write.mutations().isEmpty()) {
            replica.writeUnder(write.lease(), write, reply);
        } else if (request instanceof Request.Clear clear) {
            replica.write(clear.cacheId(), new Command.Clear(clear.cacheId(), clear.id()))
                    .thenAccept(reply);
        } else if (request instanceof Request.ReadForUpdate read && isWithinBounds(read)) {
            replica.readForUpdate(read, reply);
        } else if (request instanceof Request.Release release) {
            replica.release(release, reply);
        } else {
            reply.accept(Reply.Refused.of(
                    Status.INVALID,
                    "A write without mutations, or a lease without an id or beyond its bounds: it is waited for at most "
                            + EntryLeases.MAX_WAIT_MILLIS + " ms, and held 1 to " + EntryLeases.MAX_HOLD_MILLIS
                            + " ms"));
        }
    }

    private static Reply notHosted(int shard) {
        return Reply.Refused.of(Status.MOVED, "Shard " + shard + " is not hosted here");
    }

    private static boolean isWithinBounds(Request.ReadForUpdate read) {
        return !read.lease().isNone()
                && read.waitMillis() >= 0
                && read.waitMillis() <= EntryLeases.MAX_WAIT_MILLIS
                && read.holdMillis() >= 1
                && read.holdMillis() <= EntryLeases.MAX_HOLD_MILLIS;
    }

    /** Tells the changes of a cache in a shard until the answered task is run. */
    public Runnable subscribe(Request.Subscribe request, Consumer<Reply> replies) {
        if (request.shard() >= replicas.size()) {
            replies.accept(notHosted(request.shard()));
            return () -> {};
        }
        return replicas.get(request.shard()).subscribe(request, replies);
    }

    /** What the leader of a shard does from time to time. */
    public void upkeep() {
        replicas.forEach(ShardReplica::upkeep);
    }

    @Override
    public void close() {
        replicas.forEach(ShardReplica::close);
    }
}
