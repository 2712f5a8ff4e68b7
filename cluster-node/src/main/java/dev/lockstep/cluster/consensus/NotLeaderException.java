package dev.lockstep.cluster.consensus;

import dev.lockstep.protocol.topology.NodeId;
import org.jspecify.annotations.Nullable;

/** The replica does not lead: the entry was certainly not appended. */
public final class NotLeaderException extends Exception {

    private static final long serialVersionUID = 1;

    private final transient @Nullable NodeId leader;
    private final boolean steppingDown;

    public NotLeaderException(String message, @Nullable NodeId leader) {
        this(message, leader, false);
    }

    /** @param steppingDown whether it leads until its leadership is transferred to another replica */
    public NotLeaderException(String message, @Nullable NodeId leader, boolean steppingDown) {
        super(message);
        this.leader = leader;
        this.steppingDown = steppingDown;
    }

    /** The node that is believed to lead. */
    public @Nullable NodeId leader() {
        return leader;
    }

    /** Tells whether it leads still, and takes no entries while its leadership is being transferred. */
    public boolean isSteppingDown() {
        return steppingDown;
    }
}
