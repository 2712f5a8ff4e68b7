package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.node.LocalLink;
import dev.lockstep.cluster.node.NodeCore;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.topology.Member;
import java.time.Duration;
import java.util.function.Function;

/** A node of the simulated cluster: the real {@link NodeCore} on a simulated process. Its disk outlives it. */
final class SimulatedNode implements EmbeddedNode {

    private final SimulatedProcess process;
    private final NodeCore.Place place;
    private final Function<SimulatedProcess, SimulatedLinks> links;
    private final SimulatedRaft raft;
    private final NodeCore.Limits limits;
    private NodeCore core;
    private LocalLink link;

    /** @param maxInFlight as in {@link NodeCore.Limits} */
    SimulatedNode(
            SimulatedProcess process,
            NodeCore.Place place,
            SimulatedRaft raft,
            Function<SimulatedProcess, SimulatedLinks> links,
            int maxInFlight) {
        this.process = process;
        this.place = place;
        this.raft = raft;
        this.links = links;
        this.limits = new NodeCore.Limits(Duration.ofSeconds(2), Duration.ofMillis(600), maxInFlight);
        boot();
    }

    private void boot() {
        EventLoop loop = process.loop();
        core = new NodeCore(
                place,
                raft.consensus(place.self().id(), process),
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
        raft.died(place.self().id());
    }

    void restart() {
        process.restart();
        boot();
    }

    @Override
    public Member member() {
        return place.self();
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
