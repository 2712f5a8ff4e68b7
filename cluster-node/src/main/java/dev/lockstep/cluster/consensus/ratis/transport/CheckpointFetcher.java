package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.checkpoint.CheckpointFetch;
import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.Checkpointed.Restoration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;

/** Fetches checkpoints of replicas on other nodes. Thread-safe. */
@FunctionalInterface
public interface CheckpointFetcher {

    /**
     * Fetches the newest checkpoint of a peer's replica into a folder and verifies it.
     *
     * @param least the position before which a checkpoint must not end
     * @param progress told on a loop of the transport
     */
    CompletableFuture<Restored> fetch(
            RaftPeerId peer,
            RaftGroupId group,
            CheckpointFolder folder,
            Supplier<Restoration> restorations,
            long least,
            CheckpointFetch.Progress progress);
}
