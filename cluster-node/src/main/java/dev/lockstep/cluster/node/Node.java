package dev.lockstep.cluster.node;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.local.LocalConsensus;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.server.RequestDispatcher;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.protocol.routing.EmbeddedNode;
import dev.lockstep.protocol.routing.Link;
import dev.lockstep.protocol.routing.LocalReplicas;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A single node in memory: wires its rooms, keeps them up, and closes them in order. Thread-safe. */
public final class Node implements EmbeddedNode {

    private static final NodeId LOCAL = new NodeId("local");
    private static final long UPKEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Member member = new Member(LOCAL, "localhost", 0);
    private final EventLoop loop;
    private final Consensus consensus = new LocalConsensus(LOCAL);
    private final ControlGroup control;
    private final ShardHost shards;
    private final LocalLink link;

    /** @throws IllegalArgumentException when the settings name members: clusters can't be formed yet */
    public Node(Settings settings, Time time, EventLoop loop) {
        if (!settings.members().isEmpty()) {
            throw new IllegalArgumentException(
                    "The settings name members, but this version runs a single node only; leave out \"members\"");
        }
        this.loop = loop;
        List<NodeId> replicas = List.of(LOCAL);
        this.control = new ControlGroup(consensus, replicas);
        this.shards = new ShardHost(IntStream.range(0, settings.shards())
                .mapToObj(shard -> new ShardReplica(
                        shard,
                        replicas,
                        consensus,
                        control.state(),
                        time,
                        loop,
                        settings.limits().maxInFlight()))
                .toList());
        ClusterView view = view(settings);
        this.link = new LocalLink(new RequestDispatcher(
                control, shards, () -> view, settings.limits().maxInFlight()));
        loop.schedule(UPKEEP_NANOS, this::upkeep);
    }

    private ClusterView view(Settings settings) {
        Map<Integer, NodeId> leaders = IntStream.range(0, settings.shards())
                .boxed()
                .collect(Collectors.toMap(Function.identity(), shard -> LOCAL));
        ShardMap map = new ShardMap(1, Collections.nCopies(settings.shards(), List.of(LOCAL)));
        return new ClusterView(settings.cluster(), List.of(member), map, leaders);
    }

    private void upkeep() {
        shards.upkeep();
        loop.schedule(UPKEEP_NANOS, this::upkeep);
    }

    @Override
    public Member member() {
        return member;
    }

    @Override
    public Link link() {
        return link;
    }

    @Override
    public LocalReplicas replicas() {
        return shards;
    }

    @Override
    public void close() {
        loop.close();
        link.close();
        shards.close();
        control.close();
        consensus.close();
    }
}
