package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import java.io.IOException;
import org.apache.ratis.protocol.RaftGroupId;
import org.jspecify.annotations.Nullable;

/** The checkpoints of this node's replicas, as the transport serves them to other nodes. Thread-safe. */
public interface CheckpointSource {

    /**
     * Reads a piece of the replica's newest checkpoint.
     *
     * @return null if there is no replica of that group here, or none that has a checkpoint
     */
    @Nullable
    CheckpointPiece piece(RaftGroupId group, Wanted wanted) throws IOException;

    /** Returns the checkpoint that a replica fetches, or has fetched and not installed yet; null if there is none. */
    @Nullable
    PendingInstall pendingInstall(RaftGroupId group);
}
