package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import org.apache.ratis.protocol.RaftGroupId;
import org.jspecify.annotations.Nullable;

/** The checkpoints of a node whose replicas have none, and fetch none. */
public final class NoCheckpoints implements CheckpointSource {

    @Override
    public @Nullable CheckpointPiece piece(RaftGroupId group, Wanted wanted) {
        return null;
    }

    @Override
    public @Nullable PendingInstall pendingInstall(RaftGroupId group) {
        return null;
    }
}
