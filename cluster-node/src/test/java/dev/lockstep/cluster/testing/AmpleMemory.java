package dev.lockstep.cluster.testing;

import dev.lockstep.cluster.memory.MemoryBudget;
import dev.lockstep.cluster.memory.NodeMemory;
import dev.lockstep.cluster.store.StoreMemory;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import java.util.List;

/** The memory of a node that always has room. */
public final class AmpleMemory {

    private AmpleMemory() {}

    public static NodeMemory of(NodeId self, Time time) {
        return new NodeMemory(
                self,
                MemoryBudget.UNLIMITED,
                new StoreMemory(Long.MAX_VALUE),
                List::of,
                (peer, request, answer) -> {},
                time);
    }
}
