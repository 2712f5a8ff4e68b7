package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.LogMachine;
import java.util.List;

/** Lets the simulation see into replicas. */
public final class ReplicaProbe {

    private ReplicaProbe() {}

    /** The checksum of a replica's entries after the last batch that it has applied. */
    public static long checksum(LogMachine<?, ?> replica) {
        return ((ReplicaState) replica).batch(0, List.of()).previousChecksum();
    }
}
