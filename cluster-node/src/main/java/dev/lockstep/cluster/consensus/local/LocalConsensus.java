package dev.lockstep.cluster.consensus.local;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.topology.NodeId;
import java.util.List;

/** Logs of a single node, in memory: no port, no file, no peer. Thread-safe. */
public final class LocalConsensus implements Consensus {

    private final NodeId self;

    public LocalConsensus(NodeId self) {
        this.self = self;
    }

    @Override
    public <E, R> ReplicatedLog<E, R> open(int group, List<NodeId> replicas, LogMachine<E, R> machine) {
        if (!replicas.equals(List.of(self))) {
            throw new IllegalArgumentException(
                    "A log in memory has no other replica than " + self + ", not " + replicas);
        }
        return new LocalLog<>(self, machine);
    }

    @Override
    public void close() {}
}
