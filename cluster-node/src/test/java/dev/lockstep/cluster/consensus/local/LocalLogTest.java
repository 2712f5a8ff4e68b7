package dev.lockstep.cluster.consensus.local;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLogContract;
import dev.lockstep.protocol.topology.NodeId;
import java.util.List;

class LocalLogTest extends ReplicatedLogContract {

    private final NodeId self = new NodeId("alone");
    private final RecordingMachine machine = new RecordingMachine();
    private final List<Replica> replicas =
            List.of(new Replica(new LocalConsensus(self).open(0, List.of(self), machine), machine));

    @Override
    protected List<Replica> replicas() {
        return replicas;
    }

    @Override
    protected boolean takesCheckpoints() {
        return false;
    }
}
