package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes join and leave a cluster of processes by the operator's commands, while a client counts under one key after the other. */
class MembershipIT {

    private static final int KEYS = 200;

    @TempDir
    Path home;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(NodeProcesses nodes, String... words) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        String[] all = Stream.concat(
                        Stream.of(words), Stream.of("--cluster", "processes", "--servers", nodes.addresses()))
                .toArray(String[]::new);
        return CliMain.run(all, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    private void succeeds(NodeProcesses nodes, String... words) {
        int code = run(nodes, words);
        assertThat(code).as("%s: %s%s", List.of(words), out, err).isZero();
    }

    /** Starts a node and has it added; returns once it can serve. */
    private NodeProcess join(NodeProcesses nodes, MemberPorts another) throws Exception {
        NodeProcess node = nodes.startAnother(home, another, "");
        succeeds(nodes, "node", "add", another.id() + "@127.0.0.1:" + another.port());
        node.awaitReady();
        return node;
    }

    private void isWhole(NodeProcesses nodes) throws Exception {
        Eventually.holds(() -> "the cluster is whole: " + out, () -> run(nodes, "status") == 0);
    }

    /** Increments by condition, so that a lost or repeated write shows in the end. */
    private static final class Counting implements AutoCloseable {

        private final Session session;
        private final int cache;
        private final AtomicInteger rounds = new AtomicInteger();
        private final Thread thread = new Thread(this::count, "counting");
        private volatile boolean over;
        private volatile Throwable failure;

        Counting(Session session, int cache) {
            this.session = session;
            this.cache = cache;
            thread.start();
        }

        private static Bytes key(int number) {
            return Bytes.utf8("key-" + number);
        }

        private void count() {
            try {
                while (!over) {
                    int round = rounds.get();
                    Condition as =
                            round == 0 ? Condition.ABSENT : new Condition.ValueIs(Bytes.utf8(Integer.toString(round)));
                    for (int i = 0; i < KEYS; i++) {
                        Mutation next = Mutation.put(key(i), Bytes.utf8(Integer.toString(round + 1)), as);
                        assertThat(session.write(cache, next, LeaseId.NONE)
                                        .join()
                                        .result()
                                        .applied())
                                .as("key %d, round %d", i, round)
                                .isTrue();
                    }
                    rounds.incrementAndGet();
                }
            } catch (Throwable failed) {
                failure = failed;
            }
        }

        void goesOn() throws Exception {
            int enough = rounds.get() + 2;
            Eventually.holds("counting goes on", () -> {
                assertThat(failure).isNull();
                return rounds.get() >= enough;
            });
        }

        @Override
        public void close() throws InterruptedException {
            over = true;
            thread.join();
            assertThat(failure).isNull();
        }
    }

    @Test
    void nodesJoinAndLeaveWhileAClientCounts() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(5);
        try (NodeProcesses nodes =
                        NodeProcesses.start(home, ports.subList(0, 3), "", NodeProcesses.currentClassPath());
                Clients clients = new Clients("processes", nodes.addresses())) {
            Session reading = clients.open();
            int cache = counted(reading);
            try (Counting counting = new Counting(clients.open(), cache)) {
                counting.goesOn();
                NodeProcess fourth = join(nodes, ports.get(3));
                counting.goesOn();
                succeeds(nodes, "node", "list");
                assertThat(out.toString()).containsPattern("n4 .* up +[45] ");
                isWhole(nodes);

                succeeds(nodes, "node", "remove", "n1");
                counting.goesOn();
                assertThat(nodes.node(0).awaitExit(Duration.ofSeconds(30))).isEqualTo(3);
                assertThat(Files.readString(nodes.node(0).log())).contains("has been removed from cluster processes");
                succeeds(nodes, "node", "list");
                assertThat(out.toString()).doesNotContain("n1 ");
                isWhole(nodes);

                fourth.kill();
                fourth.restart();
                fourth.awaitReady();
                counting.goesOn();

                // With all that it had, which is of a time when it was another member.
                NodeProcess first = nodes.node(0);
                first.restart();
                Eventually.holds(
                        "it waits", () -> Files.readString(first.log()).contains("has been removed, and waits"));
                succeeds(nodes, "node", "add", "n1@127.0.0.1:" + ports.get(0).port());
                first.awaitReady();
                isWhole(nodes);
                counting.goesOn();
            }
            assertAllAreEqual(reading, cache);
        }
    }

    /** Reads what was counted: the same number under each key, since each round has ended. */
    private static void assertAllAreEqual(Session session, int cache) {
        Set<String> values = new HashSet<>();
        for (int i = 0; i < KEYS; i++) {
            EntryRead entry = session.get(cache, Counting.key(i), Consistency.STRONG)
                    .join()
                    .entry();
            values.add(new String(entry.value().array(), StandardCharsets.UTF_8));
        }
        assertThat(values).hasSize(1);
    }

    private static boolean isOnThreeNodes(Session session) {
        return session.view().members().size() == 3
                && session.view().map().replicas().stream().allMatch(hosts -> hosts.size() == 3);
    }

    private static int counted(Session session) {
        return session.createCache(
                        new CacheDefinition("counted", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                .join()
                .id();
    }

    @Test
    void aClusterOfOneGetsItsReplicasAsNodesCome() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(3);
        try (NodeProcesses nodes =
                        NodeProcesses.start(home, ports.subList(0, 1), "", NodeProcesses.currentClassPath());
                Clients clients = new Clients("processes", nodes.addresses())) {
            Session reading = clients.open();
            int cache = counted(reading);
            try (Counting counting = new Counting(clients.open(), cache)) {
                counting.goesOn();
                for (MemberPorts another : ports.subList(1, 3)) {
                    join(nodes, another);
                    counting.goesOn();
                }
                isWhole(nodes);
                succeeds(nodes, "node", "list");
                assertThat(out.toString()).containsPattern("n3 .* up +5 ");
                Eventually.holds("an idle client knows who hosts what", () -> isOnThreeNodes(reading));
                Eventually.holds("a busy one too", () -> isOnThreeNodes(counting.session));
                nodes.node(0).kill();
                counting.goesOn();
            }
            assertAllAreEqual(reading, cache);
        }
    }

    @Test
    void theReplicasOfANodeThatIsGoneAreMadeElsewhereUntilItIsBack() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(4);
        try (NodeProcesses nodes =
                        NodeProcesses.start(home, ports, "replace-after: 3s", NodeProcesses.currentClassPath());
                Clients clients = new Clients("processes", nodes.addresses())) {
            Session reading = clients.open();
            int cache = counted(reading);
            try (Counting counting = new Counting(clients.open(), cache)) {
                counting.goesOn();
                nodes.node(3).kill();
                Eventually.holds(() -> "its replicas are on the others: " + out, () -> {
                    run(nodes, "status");
                    return out.toString().contains("has not answered for so long")
                            && !out.toString().contains("is being moved")
                            && !out.toString().contains("replicas intact");
                });
                counting.goesOn();
                nodes.node(3).restart();
                Eventually.holds(
                        () -> "it hosts its share again: " + out,
                        () -> run(nodes, "node", "list") == 0
                                && Pattern.compile("n4 .* up +[5-9] ")
                                        .matcher(out.toString())
                                        .find());
                isWhole(nodes);
                counting.goesOn();
            }
            assertAllAreEqual(reading, cache);
        }
    }

    @Test
    void aNodeThatGetsNothingToHostIsAddedAllTheSame() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(4);
        try (NodeProcesses nodes =
                        NodeProcesses.start(home, ports.subList(0, 3), "shards: 1", NodeProcesses.currentClassPath());
                Clients clients = new Clients("processes", nodes.addresses())) {
            int cache = counted(clients.open());
            join(nodes, ports.get(3));
            succeeds(nodes, "node", "list");
            assertThat(out.toString()).containsPattern("n4 .* up +0 ");
            isWhole(nodes);
            try (Counting counting = new Counting(clients.open(), cache)) {
                counting.goesOn();
            }
        }
    }

    /** A node that hears of no cluster opens replicas by its settings, which give it eight shards where the cluster has six. */
    @Test
    void aNodeThatHearsOfNoClusterAtFirstJoinsIt() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(4);
        MemberPorts another = ports.get(3);
        try (NodeProcesses nodes =
                NodeProcesses.start(home, ports.subList(0, 3), "", NodeProcesses.currentClassPath())) {
            List<NodeProcess> first = List.copyOf(nodes.nodes());
            assertThat(run(nodes, "node", "add", "n4@127.0.0.1:" + another.port(), "--timeout", "0s"))
                    .as("it is not there: %s", err)
                    .isEqualTo(3);
            for (NodeProcess node : first) {
                node.freeze();
            }
            NodeProcess fourth = nodes.startAnother(home, another, "");
            Eventually.holds(
                    "it waits for all of them",
                    () -> Files.readString(fourth.log()).contains("for the first start of a cluster"));
            for (NodeProcess node : first) {
                node.thaw();
            }
            fourth.awaitReady();
            // The cluster is also whole before the moves to the new node are decided.
            Pattern hosts = Pattern.compile("n4 .* up +[45] ");
            Eventually.holds(
                    () -> "it has its part of the replicas: " + out,
                    () -> run(nodes, "node", "list") == 0
                            && hosts.matcher(out.toString()).find());
            isWhole(nodes);
            assertThat(Files.readString(fourth.log())).doesNotContain("A task on");
        }
    }

    @Test
    void aClusterWhoseNodesAllMoveToOtherAddressesGoesOn() throws Exception {
        List<MemberPorts> first = MemberPorts.reserve(3);
        List<Integer> ports = MemberPorts.freePorts(3);
        List<MemberPorts> moved = IntStream.range(0, 3)
                .mapToObj(i -> new MemberPorts(first.get(i).id(), ports.get(i)))
                .toList();
        try (NodeProcesses nodes = NodeProcesses.start(home, first, "", NodeProcesses.currentClassPath())) {
            int cache;
            try (Clients clients = new Clients("processes", nodes.addresses())) {
                Session session = clients.open();
                cache = counted(session);
                try (Counting counting = new Counting(session, cache)) {
                    counting.goesOn();
                }
            }
            NodeProcess.kill(nodes.nodes());
            nodes.startElsewhere(home, moved);
            isWhole(nodes);
            try (Clients again = new Clients("processes", nodes.addresses())) {
                assertAllAreEqual(again.open(), cache);
            }
        }
    }
}
