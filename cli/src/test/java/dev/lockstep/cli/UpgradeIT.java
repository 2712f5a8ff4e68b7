package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.EarlierNode;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.cluster.testing.SteadyWriters;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The nodes of a cluster are updated one by one, back and forth, while clients write, and the upgrade is finished by an operator. */
class UpgradeIT {

    private static final String OLD = EarlierNode.class.getName();
    private static final String NEW = NodeProcesses.PROGRAM;

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

    private void isWhole(NodeProcesses nodes) throws Exception {
        Eventually.holds(() -> "the cluster is whole: " + out, () -> run(nodes, "status") == 0);
    }

    /** Stops a node and starts it as another version, while the others go on. */
    private void replace(NodeProcesses nodes, int index, String program, SteadyWriters writers) throws Exception {
        nodes.node(index).close();
        nodes.node(index).restartAs(program);
        nodes.node(index).awaitReady();
        isWhole(nodes);
        writers.writeSome();
    }

    private void isRefusedNaming(NodeProcesses nodes, String... what) {
        assertThat(run(nodes, "cluster", "finalize")).as("%s%s", out, err).isEqualTo(2);
        assertThat(err.toString()).contains("keeps version 1").contains(what);
    }

    private static void isNotStarted(NodeProcess node) throws Exception {
        node.restartAs(OLD);
        assertThat(node.awaitExit(Duration.ofSeconds(30))).isEqualTo(1);
        assertThat(Files.readString(node.log()))
                .contains("The cluster has version 3, and node " + node.member().id() + " can do version 1");
    }

    @Test
    @Timeout(300) // fifteen starts of nodes one after another: 50 s on two cores alone, twice that beside another fork
    void nodesAreUpdatedOneByOneAndCanGoBackUntilTheUpgradeIsFinalized() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(3);
        try (NodeProcesses nodes =
                        NodeProcesses.start(home, ports, id -> ports, "", NodeProcesses.currentClassPath(), OLD);
                Clients clients = new Clients("processes", nodes.addresses())) {
            int cache = clients.open()
                    .createCache(
                            new CacheDefinition("written", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                    .join()
                    .id();
            try (SteadyWriters writers = new SteadyWriters(clients, cache, 2)) {
                writers.writeSome();
                assertThat(run(nodes, "cluster", "status")).as("%s%s", out, err).isZero();
                assertThat(out.toString()).contains("has version 1. This is the newest that its nodes can do");

                replace(nodes, 0, NEW, writers);
                assertThat(run(nodes, "cluster", "status", "--json")).isEqualTo(3);
                assertThat(out.toString())
                        .contains(
                                "\"version\":1,\"newest\":3,\"canBeFinalized\":false",
                                "\"waitsFor\":[\"node n2 can do version 1\",\"node n3 can do version 1\"]");
                isRefusedNaming(nodes, "node n2 can do version 1; node n3 can do version 1");
                replace(nodes, 0, OLD, writers);
                for (int i = 0; i < 3; i++) {
                    replace(nodes, i, NEW, writers);
                }

                assertThat(run(nodes, "role", "set", "ops", "--on-cluster", "operate"))
                        .isNotZero();
                assertThat(err.toString()).contains("lockstep cluster finalize");
                nodes.node(2).kill();
                isRefusedNaming(nodes, "node n3 does not answer");
                nodes.node(2).restart();
                nodes.node(2).awaitReady();
                assertThat(run(nodes, "cluster", "status")).isEqualTo(3);
                assertThat(out.toString()).contains("All nodes can do version 3", "1 to 3");
                assertThat(run(nodes, "cluster", "finalize"))
                        .as("%s%s", out, err)
                        .isZero();
                assertThat(out.toString()).contains("has version 3");
                assertThat(run(nodes, "cluster", "finalize"))
                        .as("%s%s", out, err)
                        .isZero();
                assertThat(out.toString()).contains("has version 3 already");
                assertThat(run(nodes, "role", "set", "ops", "--on-cluster", "operate"))
                        .as("%s%s", out, err)
                        .isZero();

                nodes.node(0).close();
                isNotStarted(nodes.node(0)); // by what its folder says
                Files.delete(home.resolve("n1/data/layout"));
                isNotStarted(nodes.node(0)); // by what the others say
                nodes.node(0).restartAs(NEW);
                nodes.node(0).awaitReady();
                isWhole(nodes);
                writers.writeSome();
            }
        }
    }
}
