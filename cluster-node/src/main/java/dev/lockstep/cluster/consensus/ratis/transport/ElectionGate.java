package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import java.io.IOException;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;

/**
 * A replica's part in elections: a replica that has lost its votes or entries must neither vote nor campaign before it has
 * rejoined. Thread-safe.
 */
public interface ElectionGate {

    /** Tells whether the replica is open and can receive entries. */
    boolean isOpen();

    /** Tells whether it may vote for another: not if it has lost its vote, or entries that it acknowledged. */
    boolean mayVote();

    /** Tells whether it may campaign. */
    boolean mayCampaign();

    /** Makes the vote that was cast as durable as the node's setting says. */
    void syncVote() throws IOException;

    /**
     * Answers a replica that is rejoining and asks for the state of this one.
     *
     * @return null if it can't be told at the moment
     */
    @Nullable
    RejoinState answerRejoin(RaftPeerId from, RejoinState asking);
}
