package dev.lockstep.cluster.server;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.cluster.shard.RemovalObserver;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.function.Consumer;

/**
 * Sees the requests that a node serves and what is answered, and the entries that its shards remove by themselves. Called on the threads
 * that serve and apply; must not block.
 */
public interface RequestObserver extends RemovalObserver {

    /** Sees nothing, and costs nothing. */
    RequestObserver NONE = new RequestObserver() {

        @Override
        public Consumer<Reply> served(Request.ToShard request, Consumer<Reply> reply) {
            return reply;
        }

        @Override
        public void removed(int shard, CacheChange change) {}

        @Override
        public Consumer<Reply> passedOn(Consumer<Reply> reply) {
            return reply;
        }
    };

    /**
     * A request about a shard is about to be served here.
     *
     * @return passes the answer to {@code reply}
     */
    Consumer<Reply> served(Request.ToShard request, Consumer<Reply> reply);

    /**
     * A client's request is about to be passed on to another node.
     *
     * @return passes the answer to {@code reply}
     */
    Consumer<Reply> passedOn(Consumer<Reply> reply);
}
