package dev.lockstep.system.chaos;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.cluster.testing.ProxiedNetwork;
import dev.lockstep.cluster.testing.ShiftedNode;
import dev.lockstep.cluster.testing.TcpProxy;
import dev.lockstep.protocol.netty.Certificates;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.system.load.RecordedClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A cluster of processes that can be harmed, and mended. Not thread-safe. */
final class ChaosCluster implements AutoCloseable {

    static final int SHARDS = 4;

    private static final List<Duration> JUMPS =
            List.of(Duration.ofHours(1), Duration.ofHours(-1), Duration.ofDays(1), Duration.ofDays(-1));
    private static final List<Double> RATES = List.of(0.0, 0.5, 0.99, 1.01, 2.0);

    private static final String NODE = "node";
    private static final String CLIENT = "client";

    private final List<MemberPorts> members;
    private final @Nullable Certificates certificates;
    private final @Nullable TlsSettings ofNodes;
    private final @Nullable TlsSettings ofClients;
    private final ProxiedNetwork network;
    private final NodeProcesses nodes;
    private final Clients watchers;
    private final Set<NodeProcess> frozen = new HashSet<>();
    private Map<Integer, NodeId> leaders;
    private int restarts;
    private @Nullable HoldingClient holder;
    private @Nullable NodeProcess wild;

    /** @param encrypted whether there are certificates, which can be replaced */
    ChaosCluster(Path home, int count, boolean encrypted) throws IOException, GeneralSecurityException {
        members = MemberPorts.reserve(count);
        certificates = encrypted ? new Certificates(home.resolve("certificates")) : null;
        ofNodes = certificates == null ? null : certificates.issue(NODE);
        ofClients = certificates == null ? null : certificates.issue(CLIENT);
        network = new ProxiedNetwork(members);
        try {
            nodes = NodeProcesses.start(
                    home,
                    members,
                    network::seenFrom,
                    "shards: " + SHARDS + (ofNodes == null ? "" : "\ntls: {directory: \"" + folder(ofNodes) + "\"}"),
                    NodeProcesses.currentClassPath(),
                    ShiftedNode.class.getName());
        } catch (IOException | RuntimeException failure) {
            network.close();
            throw failure;
        }
        watchers = new Clients(
                "processes",
                nodes.addresses(),
                Duration.ofSeconds(20),
                ofClients == null ? null : Tls.of(ofClients, Time.system()));
        leaders = currentLeaders();
    }

    /** The URI that a client connects to; each client asks another node first. */
    URI uri(int client, Duration timeout) {
        String servers = members.stream()
                .skip(client % members.size())
                .map(member -> "127.0.0.1:" + member.port())
                .collect(Collectors.joining(","));
        return URI.create("lockstep://" + servers + "?cluster=processes&timeout=" + timeout.toMillis() + "ms"
                + (ofClients == null ? "" : "&tls.directory=" + folder(ofClients)));
    }

    private static Path folder(TlsSettings files) {
        return files.certificate().toAbsolutePath().getParent();
    }

    /** Replaces the certificates of the nodes and of the clients, if there are any. */
    void replaceCertificates() throws IOException, GeneralSecurityException {
        if (certificates != null) {
            certificates.issue(NODE);
            certificates.issue(CLIENT);
        }
    }

    private Map<Integer, NodeId> currentLeaders() {
        try (Session session = watchers.open()) {
            return session.view().leaders();
        }
    }

    /** Counts the shards whose leader has changed since the last call. */
    int leaderChanges() {
        Map<Integer, NodeId> now = currentLeaders();
        long same = now.entrySet().stream()
                .filter(entry -> entry.getValue().equals(leaders.get(entry.getKey())))
                .count();
        leaders = now;
        return (int) (now.size() - same);
    }

    private NodeProcess leader(int shard) {
        NodeId leader = leaders.get(shard);
        return nodes.nodes().stream()
                .filter(node -> leader == null || node.member().id().equals(leader.name()))
                .findFirst()
                .orElseThrow();
    }

    /**
     * @param shard whose leader is meant by faults of a leader
     * @param key of the plain cache, for faults of a client that holds one
     * @return the ids of the nodes that are not reachable, or not in time, until it is mended
     */
    Set<String> harm(Fault fault, int shard, String key, Random random) throws IOException {
        NodeProcess any = nodes.node(random.nextInt(members.size()));
        NodeProcess leader = leader(shard);
        NodeProcess next = nodes.node(restarts % members.size());
        switch (fault) {
            case KILL_NODE -> any.kill();
            case KILL_LEADER -> leader.kill();
            case RESTART_NODE -> {
                restarts++;
                next.close();
            }
            case KILL_ALL -> nodes.nodes().forEach(NodeProcess::kill);
            case FREEZE_NODE -> freeze(any);
            case FREEZE_LEADER -> freeze(leader);
            case ISOLATE_NODE -> network.set(any.member().id(), TcpProxy.Mode.SILENT);
            case ISOLATE_LEADER -> network.set(leader.member().id(), TcpProxy.Mode.SILENT);
            case CUT_NODE -> network.set(any.member().id(), TcpProxy.Mode.CUT);
            case CUT_LEADER -> network.set(leader.member().id(), TcpProxy.Mode.CUT);
            case CUT_CLIENTS ->
                others(leader)
                        .forEach(other -> network.set(other, leader.member().id(), TcpProxy.Mode.CUT_APPLICATIONS));
            case DEAF_LEADER ->
                others(leader)
                        .forEach(other -> network.mute(other, leader.member().id()));
            case MUTE_LEADER ->
                others(leader).forEach(other -> network.mute(leader.member().id(), other));
            case LOSE_REPLIES ->
                others(leader).forEach(other -> network.set(leader.member().id(), other, TcpProxy.Mode.DROP_REPLIES));
            case SLOW_NODE -> network.delay(any.member().id(), Duration.ofMillis(20 + random.nextInt(200)));
            case LATE_REQUESTS -> network.keepBack(leader.member().id());
            case KILL_CLIENT -> {
                HoldingClient inside = holding(key);
                if (inside != null) {
                    inside.close();
                    holder = null;
                }
            }
            case FREEZE_CLIENT -> {
                HoldingClient inside = holding(key);
                if (inside != null) {
                    inside.freeze();
                }
            }
            case JUMP_CLOCK -> setClock(leader, JUMPS.get(random.nextInt(JUMPS.size())), 1);
            case DRIFT_CLOCK -> setClock(leader, Duration.ZERO, RATES.get(random.nextInt(RATES.size())));
        }
        return switch (fault) {
            case KILL_ALL -> members.stream().map(MemberPorts::id).collect(Collectors.toSet());
            case KILL_NODE, FREEZE_NODE, ISOLATE_NODE, CUT_NODE, SLOW_NODE ->
                Set.of(any.member().id());
            case KILL_LEADER,
                    FREEZE_LEADER,
                    ISOLATE_LEADER,
                    CUT_LEADER,
                    DEAF_LEADER,
                    MUTE_LEADER,
                    LOSE_REPLIES,
                    LATE_REQUESTS -> Set.of(leader.member().id());
            case RESTART_NODE -> Set.of(next.member().id());
            case CUT_CLIENTS, KILL_CLIENT, FREEZE_CLIENT, JUMP_CLOCK, DRIFT_CLOCK -> Set.of();
        };
    }

    /** One clock at a time is wrong. */
    private void setClock(NodeProcess node, Duration ahead, double rate) throws IOException {
        if (wild != null && wild != node) {
            wild.setClock(Duration.ZERO, 1);
        }
        wild = node;
        node.setClock(ahead, rate);
    }

    /** A client that is inside {@code invoke} on the key; null if there is none, or it can't get there. */
    private @Nullable HoldingClient holding(String key) throws IOException {
        return holder != null && holder.hold(key) ? holder : null;
    }

    private List<String> others(NodeProcess node) {
        return members.stream()
                .map(MemberPorts::id)
                .filter(id -> !id.equals(node.member().id()))
                .toList();
    }

    private void freeze(NodeProcess node) throws IOException {
        if (node.isRunning() && frozen.add(node)) {
            node.freeze();
        }
    }

    /** Undoes all harm, without waiting for what comes of it. */
    void mend() throws IOException {
        if (wild != null) {
            wild.setClock(Duration.ZERO, 1);
        }
        network.heal();
        thaw();
        if (holder != null) {
            holder.letGo();
        }
        for (NodeProcess node : nodes.nodes()) {
            if (!node.isRunning()) {
                node.restart();
            }
        }
    }

    /** One that was killed while it was frozen is beyond that. */
    private void thaw() throws IOException {
        for (NodeProcess node : frozen) {
            if (node.isRunning()) {
                node.thaw();
            }
        }
        frozen.clear();
    }

    /** Waits until every node can serve, and there is a client that holds nothing. */
    void awaitReady() throws IOException {
        for (NodeProcess node : nodes.nodes()) {
            node.awaitReady();
        }
        if (holder == null) {
            holder = new HoldingClient(uri(0, Duration.ofSeconds(3)), RecordedClient.PLAIN);
        } else {
            holder.awaitOutside();
        }
    }

    @Override
    public void close() {
        watchers.close();
        if (holder != null) {
            holder.close();
        }
        try {
            network.heal();
            thaw();
        } catch (IOException ended) {
            // It is killed below.
        } finally {
            nodes.nodes().forEach(NodeProcess::kill);
            network.close();
        }
    }
}
