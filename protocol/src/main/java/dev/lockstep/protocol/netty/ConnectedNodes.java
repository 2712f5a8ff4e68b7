package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The processes of other nodes that are connected to a listener, so that no two of them can be one node. A process
 * counts as long as it has a connection and was heard of: nodes say something to each other every second.
 * Thread-safe; the lock guards the table.
 */
final class ConnectedNodes {

    /** After that long without a word a process gives way to another with its id. */
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(6);

    private final Supplier<NodeIdentity> own;
    private final Time time;
    private final Map<NodeId, Process> processes = new HashMap<>();

    /** @param own this node as it introduces itself at that time */
    ConnectedNodes(Supplier<NodeIdentity> own, Time time) {
        this.own = own;
        this.time = time;
    }

    /** A process of a node, and how many connections it has. */
    final class Process {

        private final NodeIdentity identity;
        private final String from;
        private int connections;
        private volatile long heardNanos = time.nanos();

        private Process(NodeIdentity identity, String from) {
            this.identity = identity;
            this.from = from;
        }

        /** Records a sign of life. */
        void heard() {
            heardNanos = time.nanos();
        }

        /** One of its connections has ended. */
        void left() {
            synchronized (ConnectedNodes.this) {
                if (--connections == 0) {
                    processes.remove(identity.id(), this);
                }
            }
        }
    }

    /**
     * Takes a node in that wants to connect, or answers why it may not.
     *
     * @param from its address
     * @param joined told its process, unless it is refused
     */
    synchronized Reply.@Nullable Refused admit(NodeIdentity peer, String from, Consumer<Process> joined) {
        NodeIdentity self = own.get();
        String differences =
                self.formation().differences("node " + self.id(), peer.formation(), "node " + peer.id(), true);
        if (!differences.isEmpty()) {
            return Reply.Refused.of(
                    Status.FORMATION_DIFFERS,
                    "Node " + peer.id() + " and node " + self.id() + " can't be of one cluster: " + differences
                            + ". Give all nodes of a cluster the same; one that was in another needs an empty data folder");
        }
        if (self.clusterVersion() != null && !peer.able().includes(self.clusterVersion())) {
            return Reply.Refused.of(Status.CLUSTER_VERSION, peer.able().refusal(peer.id(), self.clusterVersion()));
        }
        if (peer.id().equals(self.id()) && peer.incarnation() != self.incarnation()) {
            return inUse(peer, "The node that it connected to has that id itself");
        }
        Process known = processes.get(peer.id());
        if (known != null
                && known.identity.incarnation() != peer.incarnation()
                && time.nanos() - known.heardNanos < SILENCE_NANOS) {
            return inUse(peer, "Node " + self.id() + " is connected with another process of that id, at " + known.from);
        }
        joined.accept(joined(peer, from));
        return null;
    }

    private static Reply.Refused inUse(NodeIdentity peer, String why) {
        return Reply.Refused.of(
                Status.NODE_IN_USE,
                "The id " + peer.id() + " is in use by another process. " + why
                        + ". Stop that one, or give this one the id and the address of a member that does not run");
    }

    private Process joined(NodeIdentity peer, String from) {
        Process known = processes.get(peer.id());
        if (known == null || known.identity.incarnation() != peer.incarnation()) {
            known = new Process(peer, from);
            processes.put(peer.id(), known);
        }
        known.connections++;
        known.heard();
        return known;
    }
}
