package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Status;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of processes in which a member has no replica of the control group. */
class ControlGroupIT {

    private static final int KEYS = 100;

    @TempDir
    Path home;

    private @Nullable EncryptedCluster cluster;

    private void start() throws Exception {
        cluster = new EncryptedCluster(home);
        cluster.init(
                "--node=n1=127.0.0.1",
                "--node=n2=127.0.0.1",
                "--node=n3=127.0.0.1",
                "--node=n4=127.0.0.1",
                "--node=n5=127.0.0.1",
                "--client=shop",
                "--client=operator");
        cluster.start(MemberPorts.reserve(5));
        cluster.isWhole();
    }

    @AfterEach
    void close() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
    }

    private void done(String... words) {
        assertThat(cluster.runAs("operator", words)).as("%s", cluster.printed()).isZero();
    }

    private static CacheInfo create(Session session, String name) {
        return session.createCache(new CacheDefinition(name, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                .join();
    }

    private static void put(Session session, CacheInfo cache, int key) {
        Mutation put = Mutation.put(Bytes.utf8("key-" + key), Bytes.utf8("v"), Condition.ANY);
        session.write(cache.id(), put, LeaseId.NONE).join();
    }

    private static void putAll(Session session, CacheInfo cache) {
        IntStream.range(0, KEYS).forEach(key -> put(session, cache, key));
    }

    private static List<NodeId> hosts(Session session) {
        return session.currentView().join().layout().hostsOf(ShardMap.CONTROL_GROUP);
    }

    private NodeProcess process(NodeId node) {
        return cluster.nodes().nodes().stream()
                .filter(one -> one.member().id().equals(node.name()))
                .findFirst()
                .orElseThrow();
    }

    /** The number of a key of which a node leads the shard. */
    private static int keyLedBy(Session session, CacheInfo cache, NodeId node) throws Exception {
        int[] key = new int[1];
        Eventually.holds("node " + node + " leads a shard", () -> {
            ClusterView view = session.currentView().join();
            key[0] = IntStream.range(0, KEYS)
                    .filter(one -> node.equals(view.leaders()
                            .get(view.map()
                                    .shardOf(
                                            cache.id(), Bytes.utf8("key-" + one).hash64()))))
                    .findFirst()
                    .orElse(-1);
            return key[0] >= 0;
        });
        return key[0];
    }

    /** The number of a key of which a node alone hosts the shard. */
    private static int keyOnlyOn(Session session, CacheInfo cache, NodeId node) {
        ShardMap map = session.currentView().join().map();
        return IntStream.range(0, KEYS)
                .filter(key -> map.replicasOf(
                                map.shardOf(cache.id(), Bytes.utf8("key-" + key).hash64()))
                        .equals(List.of(node)))
                .findFirst()
                .orElseThrow();
    }

    private static boolean isForbidden(Session session, CacheInfo cache, int key) {
        try {
            put(session, cache, key);
            return false;
        } catch (RuntimeException failure) {
            return Futures.cause(failure) instanceof RequestFailedException refused
                    && refused.status() == Status.FORBIDDEN;
        }
    }

    @Test
    void aMemberWithoutAReplicaServesNewCachesObeysNewRulesAndTakesTheReplicaOfOneThatLeaves() throws Exception {
        start();
        Session session = cluster.client("shop", null);
        assertThat(hosts(session)).hasSize(5);
        done("node", "remove", "n5");
        Layout four = session.currentView().join().layout();
        List<NodeId> three = four.hostsOf(ShardMap.CONTROL_GROUP);
        assertThat(three).hasSize(3);
        NodeId without = four.members().stream()
                .map(Member::id)
                .filter(node -> !three.contains(node))
                .findFirst()
                .orElseThrow();
        cluster.isWhole();

        CacheInfo first = create(session, "first");
        putAll(session, first);
        int key = keyLedBy(session, first, without);
        for (int i = 0; i < 10; i++) {
            put(session, create(session, "more-" + i), key);
        }

        done("user", "set", "operator", "--roles", "administrator");
        done("role", "set", "shop", "--caches", "first=read,write");
        done("user", "set", "shop", "--roles", "shop");
        Eventually.holds("the shop is known", () -> !isForbidden(session, first, key));
        assertThat(session.caches().join()).as("what it may see").containsExactly(first);
        done("role", "set", "shop", "--caches", "first=read");
        Eventually.holds("the shop may not write any more", () -> isForbidden(session, first, key));
        done("role", "set", "shop", "--caches", "*=read,write,create");
        Eventually.holds("it may again", () -> !isForbidden(session, first, key));

        process(without).kill();
        process(without).restart();
        process(without).awaitReady();
        cluster.isWhole();
        putAll(session, create(session, "after"));

        done("node", "remove", three.get(0).name());
        assertThat(hosts(session)).hasSize(3).contains(without).doesNotContain(three.get(0));
        cluster.isWhole();
        putAll(session, create(session, "last"));
        process(three.get(1)).kill();
        putAll(session, create(session, "with a majority that it belongs to"));
    }

    @Test
    void writesGoOnWithoutTheControlGroupAlsoOnAMemberWithoutAReplicaThatIsStartedAgain() throws Exception {
        try (NodeProcesses nodes = NodeProcesses.start(home, 4, List.of("shards: 4", "replication-factor: 1"));
                Clients clients = new Clients("processes", nodes.addresses())) {
            Session session = clients.open();
            Eventually.holds(
                    "three host the control group", () -> hosts(session).size() == 3);
            List<NodeId> three = hosts(session);
            CacheInfo cache = create(session, "first");
            NodeProcess without = nodes.nodes().stream()
                    .filter(node -> !three.contains(new NodeId(node.member().id())))
                    .findFirst()
                    .orElseThrow();
            int key = keyOnlyOn(session, cache, new NodeId(without.member().id()));
            put(session, cache, key);
            NodeProcess.kill(nodes.nodes().stream()
                    .filter(node -> three.subList(1, 3)
                            .contains(new NodeId(node.member().id())))
                    .toList());
            put(session, cache, key);
            without.kill();
            without.restart();
            without.awaitReady();
            put(session, cache, key);
            Session another = clients.open();
            put(another, cache, key);
        }
    }
}
