package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Bytes;
import org.jspecify.annotations.Nullable;

/** Session reads from replicas in this JVM, on the caller's thread. Thread-safe, takes no lock, never waits. */
public interface LocalReplicas {

    /**
     * Looks an entry up in the local replica of a shard.
     *
     * @return the entry; {@link LocalEntry#ABSENT} if there is none; null when no local replica can answer now (none is
     *     hosted, it is behind the session, or out of touch with its leader): then send a request
     */
    @Nullable
    LocalEntry get(int cacheId, int shard, Bytes key, SessionPositions session);
}
