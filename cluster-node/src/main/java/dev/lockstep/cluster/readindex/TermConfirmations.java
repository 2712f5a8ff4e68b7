package dev.lockstep.cluster.readindex;

import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The other nodes of the cluster, to be asked. Thread-safe. */
public interface TermConfirmations {

    /**
     * Asks a peer without waiting.
     *
     * @param answer called at most once, on any thread, and must not block: the reply, or null when there will be none. A
     *     peer that is silent may never answer
     */
    void ask(NodeId peer, Request request, Consumer<@Nullable Reply> answer);
}
