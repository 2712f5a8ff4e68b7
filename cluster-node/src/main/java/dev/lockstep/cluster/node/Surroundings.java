package dev.lockstep.cluster.node;

import dev.lockstep.protocol.topology.NodeFact;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The host of a node, as it is described to operators: its disk, its process, and what is measured of it. Thread-safe. */
public interface Surroundings {

    /** Those of a node that has none. */
    Surroundings NONE = new Surroundings() {
        @Override
        public void describe(boolean triesDisk, Consumer<Map<NodeFact, String>> told) {
            told.accept(Map.of());
        }

        @Override
        public @Nullable String meters() {
            return null;
        }

        @Override
        public void serve(Request.OfProcess request, Consumer<Reply> reply) {
            reply.accept(Reply.Refused.of(Status.INVALID, "This node has no process of its own"));
        }
    };

    /**
     * Tells what is known, on any thread.
     *
     * @param triesDisk whether to try the disk as well, which takes up to a second and a half; otherwise it tells at once
     */
    void describe(boolean triesDisk, Consumer<Map<NodeFact, String>> told);

    /** Returns the values of all meters in Prometheus' text format; null if nothing is measured. */
    @Nullable
    String meters();

    /** Tells of the process, or records what it does; replies on any thread. */
    void serve(Request.OfProcess request, Consumer<Reply> reply);
}
