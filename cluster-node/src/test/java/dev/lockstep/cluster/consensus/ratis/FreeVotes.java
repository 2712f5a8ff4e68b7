package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.ratis.Amnesia.Memory;
import dev.lockstep.cluster.consensus.ratis.Amnesia.Standing;
import java.io.IOException;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;

/** Votes of replicas that remember everything, and need not outlive the process. */
class FreeVotes implements LinkTransport.Votes {

    @Override
    public boolean isOpen(RaftGroupId group) {
        return true;
    }

    @Override
    public boolean mayVote(RaftGroupId group) {
        return true;
    }

    @Override
    public boolean mayStand(RaftGroupId group) {
        return true;
    }

    @Override
    public void keep(RaftGroupId group) throws IOException {}

    @Override
    public @Nullable Standing asked(RaftGroupId group, RaftPeerId from, Standing standing) {
        return new Standing(Memory.WHOLE, standing.term() + 1);
    }
}
