package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity;
import java.io.IOException;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;

/** The gate of a replica that has lost nothing, and whose votes need not outlive the process. */
public class AlwaysGrantingElectionGate implements ElectionGate {

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean mayVote() {
        return true;
    }

    @Override
    public boolean mayCampaign() {
        return true;
    }

    @Override
    public void syncVote() throws IOException {}

    @Override
    public @Nullable RejoinState answerRejoin(RaftPeerId from, RejoinState asking) {
        return new RejoinState(ReplicaIntegrity.INTACT, asking.term() + 1);
    }
}
