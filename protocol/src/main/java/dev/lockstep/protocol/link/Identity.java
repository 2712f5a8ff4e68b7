package dev.lockstep.protocol.link;

import dev.lockstep.protocol.topology.NodeId;
import org.jspecify.annotations.Nullable;

/** The other end of a connection, as far as it has proven who it is. Immutable. */
public sealed interface Identity {

    /** Returns the node at the other end; null for an application or an operator. */
    default @Nullable NodeId node() {
        return null;
    }

    /** Another node of the cluster, which may ask for everything. */
    record OfNode(NodeId id) implements Identity {

        @Override
        public NodeId node() {
            return id;
        }

        @Override
        public String toString() {
            return "node " + id;
        }
    }

    /**
     * A user, by the subject of its certificate or by its password.
     *
     * @param from the address that it connected from
     */
    record OfUser(String name, String from) implements Identity {

        @Override
        public String toString() {
            return "user \"" + name + "\" at " + from;
        }
    }

    /**
     * A peer of a node without encryption, which has no means to tell one from another.
     *
     * @param from the address that it connected from
     */
    record Unproven(String from) implements Identity {}

    /** The application in the JVM of an embedded node. */
    record InThisJvm() implements Identity {}
}
