package dev.lockstep.cluster.consensus;

import dev.lockstep.protocol.topology.NodeId;
import org.jspecify.annotations.Nullable;

/** The replica does not lead: the entry was certainly not appended. */
public final class NotLeaderException extends Exception {

    private static final long serialVersionUID = 1;

    private final transient @Nullable NodeId leader;

    public NotLeaderException(String message, @Nullable NodeId leader) {
        super(message);
        this.leader = leader;
    }

    /** The node that is believed to lead. */
    public @Nullable NodeId leader() {
        return leader;
    }
}
