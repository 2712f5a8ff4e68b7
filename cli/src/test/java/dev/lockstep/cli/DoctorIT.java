package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.node.NodeMain;
import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.EarlierNode;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.cluster.testing.ShiftedNode;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ailments of processes, which the doctor has to name with what to do. Slow and full disks are in {@code DiskFaultIT}. */
class DoctorIT {

    private static final String POOL = "java.util.concurrent.ForkJoinPool.common.parallelism";
    private static final int PUTS = 10_000;
    private static final int TOGETHER = 200;

    @TempDir
    Path home;

    private String told = "";

    private int run(NodeProcesses nodes, String... words) {
        StringWriter out = new StringWriter();
        String[] all = Stream.concat(
                        Stream.of(words), Stream.of("--cluster", "processes", "--servers", nodes.addresses()))
                .toArray(String[]::new);
        int code = CliMain.run(all, new PrintWriter(out, true), new PrintWriter(out, true));
        told = out.toString();
        return code;
    }

    /** Waits until the doctor says all of that. */
    private void names(NodeProcesses nodes, int code, String... findings) throws Exception {
        Eventually.holds(
                () -> "the doctor names " + List.of(findings) + ": " + told,
                () -> run(nodes, "doctor") == code && Stream.of(findings).allMatch(told::contains));
    }

    /** A node whose JVM was started without a word about its common pool, on a machine with two processors. */
    static final class PoolOfOne {

        public static void main(String[] arguments) throws Exception {
            System.setProperty(POOL, "1");
            NodeMain.main(arguments);
        }
    }

    private static NodeProcesses start(Path home, int count, Class<?> program) throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(count);
        return NodeProcesses.start(
                home, members, id -> members, "shards: 2", NodeProcesses.currentClassPath(), program.getName());
    }

    @Test
    void aWrongClockAHotKeyAStuckMoveAndNodesThatAreAwayAreNamed() throws Exception {
        try (NodeProcesses nodes = start(home, 3, ShiftedNode.class);
                Clients clients = new Clients("processes", nodes.addresses())) {
            Eventually.holds(
                    () -> "nothing is found but how the test starts its nodes, and of the disk: " + told, () -> {
                        run(nodes, "doctor");
                        return told.lines()
                                .skip(1)
                                .allMatch(line -> line.startsWith(" ")
                                        || line.contains("OutOfMemoryError")
                                        || line.contains("disk speed")
                                        || line.contains("disk space"));
                    });

            nodes.node(1).setClock(Duration.ofMinutes(1), 1);
            names(nodes, 3, "The clock of n2 is", "s ahead of most others", "NTP");
            nodes.node(1).setClock(Duration.ZERO, 1);

            put(clients.open(), PUTS);
            names(nodes, 3, "% were about key 7 of cache hot");
            assertThat(run(nodes, "top", "--count", "1", "--interval", "100ms"))
                    .as(told)
                    .isZero();
            assertThat(told).containsPattern("(?m)^hot +\\d+ %  7$");

            int absent = MemberPorts.freePorts(1).get(0);
            assertThat(run(nodes, "node", "add", "n4@127.0.0.1:" + absent, "--timeout", "1s"))
                    .isEqualTo(3);
            names(nodes, 3, "Node n4@", "can't be moved to n4, which does not answer", "lockstep node remove n4");
            assertThat(run(nodes, "node", "remove", "n4")).as(told).isZero();

            NodeProcess.kill(nodes.nodes().subList(2, 3));
            names(nodes, 3, "Node n3@", "one more replica that fails stops writes");
            NodeProcess.kill(nodes.nodes().subList(1, 2));
            names(nodes, 1, "fewer than a majority of the replicas are intact", "lockstep shard recover");
            assertThat(run(nodes, "doctor", "--json")).isEqualTo(1);
            assertThat(told).contains("\"severity\":\"critical\",\"check\":\"quorum\"");
        }
    }

    private static void put(Session session, int times) {
        int cache = session.createCache(new CacheDefinition(
                        "hot",
                        "java.lang.Integer",
                        "java.lang.Integer",
                        ExpiryRule.ETERNAL,
                        "",
                        0,
                        Consistency.SESSION))
                .join()
                .id();
        Bytes key = EntryText.bytes("", "int", "7");
        for (int i = 0; i < times; i += TOGETHER) {
            CompletableFuture.allOf(IntStream.range(0, TOGETHER)
                            .mapToObj(one -> session.write(cache, Mutation.put(key, key, Condition.ANY), LeaseId.NONE))
                            .toArray(CompletableFuture[]::new))
                    .join();
        }
    }

    @Test
    void aPoolOfOneThreadIsNamed() throws Exception {
        try (NodeProcesses nodes = start(home, 1, PoolOfOne.class)) {
            names(nodes, 3, "The common pool of n1 has 1 thread,", POOL + "=4", "OutOfMemoryError");
        }
    }

    @Test
    void aMixOfVersionsIsNamed() throws Exception {
        try (NodeProcesses nodes = start(home, 2, EarlierNode.class)) {
            NodeProcess.kill(nodes.nodes().subList(0, 1));
            nodes.node(0).restartAs(NodeProcesses.PROGRAM);
            names(
                    nodes,
                    3,
                    "The cluster has version 1, and nodes can do " + ClusterVersion.Range.OWN.newest(),
                    "Go on with the upgrade");
        }
    }

    @Test
    void aCertificateThatEndsTomorrowIsNamed() throws Exception {
        try (EncryptedCluster cluster = new EncryptedCluster(home)) {
            List<MemberPorts> members = MemberPorts.reserve(1);
            cluster.init("--valid", "1d", "--node", "n1=127.0.0.1", "--client", "operator");
            cluster.start(members);

            assertThat(cluster.runAs("operator", "doctor"))
                    .as("%s", cluster.printed())
                    .isEqualTo(1);
            assertThat(cluster.printed()).contains("The certificate of n1 expires at", "Replace its files");
        }
    }
}
