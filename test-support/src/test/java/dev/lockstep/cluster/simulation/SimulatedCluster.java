package dev.lockstep.cluster.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Three simulated nodes with one shard, on a network without losses and delays, and what tests ask of them. */
final class SimulatedCluster {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final World world;
    private final SimulatedNetwork network;
    private final SimulatedRaft raft;
    private final List<Member> members = new ArrayList<>();
    private final List<SimulatedNode> nodes = new ArrayList<>();

    /** @param wrongClocks whether the wall clocks of the nodes may be wrong */
    SimulatedCluster(long seed, boolean wrongClocks) {
        world = new World(seed, null);
        network = new SimulatedNetwork(world, new SimulatedNetwork.Weather(0, 0));
        raft = new SimulatedRaft(
                world,
                network,
                new SimulatedRaft.Hardships(0, 0, 0, false, 0, SimulatedRaft.Checkpoints.NONE),
                new Replicas(world, 0, wrongClocks));
        for (int i = 0; i < 3; i++) {
            members.add(new Member(new NodeId("n" + i), "simulated", i + 1));
        }
        Layout layout = Layout.settled(
                0,
                Layout.nodes(members),
                new ShardMap(
                        Layout.UNFORMED,
                        List.of(members.stream().map(Member::id).toList())));
        for (Member member : members) {
            nodes.add(new SimulatedNode(
                    new SimulatedProcess(world, member.id().toString()),
                    member,
                    layout,
                    raft,
                    joined -> links(joined, member.id()),
                    10_000,
                    Optional.empty()));
        }
    }

    World world() {
        return world;
    }

    SimulatedNetwork network() {
        return network;
    }

    List<SimulatedNode> nodes() {
        return nodes;
    }

    private SimulatedLinks links(SimulatedProcess process, @Nullable NodeId asNode) {
        return new SimulatedLinks(
                world,
                network,
                process,
                asNode,
                member -> member.port() > nodes.size() ? null : nodes.get(member.port() - 1));
    }

    SessionFactory sessions(SimulatedProcess process) {
        return new SessionFactory(links(process, null), TIMEOUT, process.time(), process.loop(), process.entropy());
    }

    /** Connects a client in a process. */
    Session connect(SimulatedProcess process) {
        return done(sessions(process)
                .connect(members.stream()
                        .map(member -> "simulated:" + member.port())
                        .toList()));
    }

    boolean leads(SimulatedNode node) {
        return raft.leadsShard(node.member().id());
    }

    SimulatedNode leader() {
        return nodes.stream().filter(this::leads).findFirst().orElseThrow();
    }

    SimulatedNode follower() {
        return nodes.stream().filter(node -> node != leader()).findFirst().orElseThrow();
    }

    /** Lets time pass until a future is done. */
    <T> T done(CompletableFuture<T> future) {
        world.runUntil(world.nanos() + TIMEOUT.multipliedBy(2).toNanos(), future::isDone);
        assertThat(world.failures()).isEmpty();
        return future.join();
    }

    void pass(Duration time) {
        world.runUntil(world.nanos() + time.toNanos(), () -> false);
        assertThat(world.failures()).isEmpty();
    }
}
