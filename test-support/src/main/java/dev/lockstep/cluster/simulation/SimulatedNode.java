package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.control.Templates;
import dev.lockstep.cluster.node.LocalLink;
import dev.lockstep.cluster.node.NodeCore;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import java.time.Duration;
import java.util.function.Function;

/** A node of the simulated cluster: the real {@link NodeCore} on a simulated process. Its disk outlives it. */
final class SimulatedNode implements EmbeddedNode {

    private static final int REPLICATION_FACTOR = 3;

    private final SimulatedProcess process;
    private final Member self;
    private final Function<SimulatedProcess, SimulatedLinks> links;
    private final SimulatedRaft raft;
    private final NodeCore.Limits limits;
    private NodeCore core;
    private LocalLink link;
    /** The newest layout that it has seen, as if on its disk. */
    private Layout layout;

    /**
     * @param layout by which the cluster is formed
     * @param maxInFlight as in {@link NodeCore.Limits}
     */
    SimulatedNode(
            SimulatedProcess process,
            Member self,
            Layout layout,
            SimulatedRaft raft,
            Function<SimulatedProcess, SimulatedLinks> links,
            int maxInFlight) {
        this.process = process;
        this.self = self;
        this.layout = layout;
        this.raft = raft;
        this.links = links;
        this.limits = new NodeCore.Limits(Duration.ofSeconds(2), Duration.ofMillis(600), maxInFlight);
        boot();
    }

    private void boot() {
        EventLoop loop = process.loop();
        core = new NodeCore(
                new NodeCore.Place(
                        "simulated", self, layout, newer -> layout = newer, Templates.NONE, REPLICATION_FACTOR),
                raft.consensus(self.id(), process),
                HeapStore.FACTORY,
                links.apply(process),
                process.time(),
                loop,
                limits);
        link = new LocalLink(core.server());
    }

    SimulatedProcess process() {
        return process;
    }

    int maxInFlight() {
        return limits.maxInFlight();
    }

    RequestServer server() {
        return core.server();
    }

    void kill() {
        process.kill();
        raft.died(self.id());
    }

    void restart() {
        process.restart();
        boot();
    }

    @Override
    public Member member() {
        return self;
    }

    @Override
    public Link link() {
        return link;
    }

    @Override
    public LocalReplicas replicas() {
        return core.replicas();
    }

    @Override
    public void close() {
        kill();
    }
}
