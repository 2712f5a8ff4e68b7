package dev.lockstep.protocol.link;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.topology.Member;

/** A node that runs inside this JVM, as its embedding application sees it. Thread-safe. */
public interface EmbeddedNode extends AutoCloseable {

    /** The node itself; port 0 when it listens nowhere. */
    Member member();

    /** A link to the node without a wire. */
    Link link();

    /** The replicas that it hosts. */
    LocalReplicas replicas();

    /** Drains and stops the node. Idempotent. */
    @Override
    void close();

    /** Starts nodes; found by {@link java.util.ServiceLoader}, so that a client needs no node on its class path. */
    interface Provider {

        /**
         * Starts a node and returns when it can serve.
         *
         * @param settings without a node section: a single node in memory, with no port and no disk
         */
        EmbeddedNode start(Settings settings);
    }
}
