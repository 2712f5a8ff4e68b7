package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The replicas in this JVM, as its sessions use them without a connection. Thread-safe, never waits. */
public interface LocalReplicas {

    /**
     * Looks an entry up in the local replica of a shard, on the caller's thread and without a lock.
     *
     * @return the entry; {@link LocalEntry#ABSENT} if there is none; null when no local replica can answer now (none is
     *     hosted, it is behind the session, or out of touch with its leader): then send a request
     */
    @Nullable
    LocalEntry get(int cacheId, int shard, Bytes key, SessionPositions session);

    /**
     * Serves a request about a shard of which there is no replica elsewhere. The caller's thread does the work, or the one that is
     * at it already does it with its own.
     *
     * @return the reply, mostly there when this returns; null, and nothing was done, when other nodes have to be asked: then
     *     send the request
     */
    default @Nullable CompletableFuture<Reply> serve(Request.ToShard request) {
        return null;
    }

    /**
     * Returns the longest time for which one of the replicas has not heard from its leader, or was not confirmed as the leader. Replicas
     * that never were since they were opened, and those that have stopped, answer no reads and are left out.
     *
     * @return nanoseconds; empty if no replica is left
     */
    default OptionalLong sinceContactNanos() {
        return OptionalLong.empty();
    }
}
