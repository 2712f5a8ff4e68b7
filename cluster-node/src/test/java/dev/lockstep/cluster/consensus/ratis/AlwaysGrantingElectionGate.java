package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.ratis.transport.LinkTransport;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Memory;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Standing;
import java.io.IOException;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;

/** Of a replica that remembers everything, and whose votes need not outlive the process. */
public class AlwaysGrantingElectionGate implements LinkTransport.Votes {

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean mayVote() {
        return true;
    }

    @Override
    public boolean mayStand() {
        return true;
    }

    @Override
    public void keep() throws IOException {}

    @Override
    public @Nullable Standing asked(RaftPeerId from, Standing standing) {
        return new Standing(Memory.WHOLE, standing.term() + 1);
    }
}
