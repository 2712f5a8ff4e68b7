package dev.lockstep.cluster.consensus;

import dev.lockstep.protocol.topology.NodeId;
import java.util.List;

/** Opens this node's replicas of replicated logs. Thread-safe. */
public interface Consensus extends AutoCloseable {

    /**
     * Opens the replica of a group, recovering what it had. The machine may be driven before this returns.
     *
     * @param group number of the group, 0 and up for shards, {@link #CONTROL} for the control group
     * @param replicas the nodes that host it, this one among them; used when the group is first formed
     */
    ReplicatedLog open(int group, List<NodeId> replicas, LogMachine machine);

    /** The control group's number. */
    int CONTROL = -1;

    /** Closes all replicas and whatever they share. Idempotent. */
    @Override
    void close();
}
