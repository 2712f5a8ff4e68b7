package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.ratis.Amnesia.Memory;
import dev.lockstep.cluster.consensus.ratis.Amnesia.Standing;
import java.io.IOException;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;

/** Of a replica that remembers everything, and whose votes need not outlive the process. */
class FreeVotes implements LinkTransport.Votes {

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
