package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Node processes that do not fit together: each says why, and with which other. */
class MemberHandshakeIT {

    private static final String CLASS_PATH = NodeProcesses.currentClassPath();

    @TempDir
    Path home;

    private final List<AutoCloseable> started = new ArrayList<>();

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable one : started) {
            one.close();
        }
    }

    private NodeProcess begin(String folder, MemberPorts self, String yaml) throws IOException {
        NodeProcess node = NodeProcess.start(
                self, home.resolve(folder), yaml, CLASS_PATH, "dev.lockstep.cluster.node.NodeMain", Map.of());
        started.add(node);
        return node;
    }

    private NodeProcesses cluster(List<MemberPorts> members) throws IOException {
        NodeProcesses cluster = NodeProcesses.start(home, members, "shards: 2", CLASS_PATH);
        started.add(cluster);
        return cluster;
    }

    private static void says(NodeProcess node, String... what) throws Exception {
        Eventually.holds("node " + node.member().id() + " says " + List.of(what), () -> {
            String log = Files.readString(node.log());
            return List.of(what).stream().allMatch(log::contains);
        });
    }

    @Test
    void nodesWithOtherShardsOrMembersSayWhatDiffersAndWhereItIsSet() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        begin("n1", members.get(0), NodeProcesses.configuration("n1", members, "shards: 2"));
        NodeProcess other = begin("n2", members.get(1), NodeProcesses.configuration("n2", members, "shards: 8"));
        NodeProcess fewer = begin(
                "n3",
                members.get(2),
                NodeProcesses.configuration("n3", List.of(members.get(0), members.get(2)), "shards: 2"));
        says(
                other,
                "shards: 2 on node n1 (" + home.resolve("n1/lockstep.yaml") + ":7), 8 on node n2 ("
                        + home.resolve("n2/lockstep.yaml") + ":7)");
        says(fewer, "members: n1, n2, n3 on node n1", "n1, n3 on node n3", home.resolve("n1/lockstep.yaml") + ":4");
        says(fewer, "waits for a majority", "n1@127.0.0.1:" + members.get(0).port() + ": ");
    }

    @Test
    void aNodeOfAnotherClusterSaysSoOnce() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(2);
        NodeProcess one = begin("n1", members.get(0), NodeProcesses.configuration("n1", members, "shards: 2"));
        NodeProcess stranger = begin(
                "n2",
                members.get(1),
                NodeProcesses.configuration("n2", members, "shards: 2").replace("cluster: processes", "cluster: prod"));
        says(stranger, "waits for a majority", "\"processes\"", "\"prod\"");
        says(one, "waits for a majority", "\"processes\"", "\"prod\"");
        assertThat(Files.readAllLines(one.log()).stream()
                        .filter(line -> line.contains("\"prod\""))
                        .count())
                .isLessThan(10);
    }

    /** As when a data folder was restored from the wrong backup. */
    @Test
    void nodesOfTwoClustersWithOneNameRefuseEachOther() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(2);
        List<NodeProcess> first = formed("a", members);
        NodeProcess.kill(first);
        List<NodeProcess> second = formed("b", members);
        NodeProcess.kill(second);
        first.get(0).restart();
        second.get(1).restart();
        says(first.get(0), "can't be of one cluster: cluster-id: ", "needs an empty data folder");
        says(second.get(1), "can't be of one cluster: cluster-id: ");
        second.get(1).kill();
        first.get(1).restart();
        first.get(1).awaitReady();
    }

    private List<NodeProcess> formed(String folder, List<MemberPorts> members) throws Exception {
        List<NodeProcess> nodes = new ArrayList<>();
        for (MemberPorts member : members) {
            nodes.add(begin(
                    folder + "-" + member.id(),
                    member,
                    NodeProcesses.configuration(member.id(), members, "shards: 2")));
        }
        for (NodeProcess node : nodes) {
            node.awaitReady();
            Path layout = node.log().resolveSibling("data/layout");
            Eventually.holds("it has " + layout, () -> Files.exists(layout));
        }
        return nodes;
    }

    @Test
    void aSecondProcessWithAnIdInUseEndsBeforeItVotes() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        NodeProcesses cluster = cluster(members);
        MemberPorts copy = new MemberPorts("n2", MemberPorts.freePorts(1).get(0));
        NodeProcess second = begin(
                "copy",
                copy,
                NodeProcesses.configuration("n2", List.of(members.get(0), copy, members.get(2)), "shards: 2"));
        assertThat(second.awaitExit(Duration.ofSeconds(60))).isEqualTo(1);
        assertThat(second.log())
                .content()
                .contains("could not be started", "The id n2 is in use by another process")
                .doesNotContain("ready on");
        assertThat(home.resolve("copy/data/formation")).doesNotExist();
        assertThat(cluster.nodes()).allMatch(NodeProcess::isRunning);
    }

    @Test
    void aNodeThatWasKilledComesBackAtOnce() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        NodeProcesses cluster = cluster(members);
        cluster.node(1).kill();
        cluster.makeWhole();
        assertThat(cluster.node(1).log()).content().doesNotContain("in use");
    }

    @Test
    void aFolderInUseIsNamedBeforeAnythingElseIsDone() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        NodeProcesses cluster = cluster(members);
        MemberPorts copy = new MemberPorts("n2", MemberPorts.freePorts(1).get(0));
        Path used = home.resolve("n2/data");
        NodeProcess second = begin(
                "copy",
                copy,
                NodeProcesses.configuration("n2", List.of(members.get(0), copy, members.get(2)), "shards: 2")
                        .replace("data: data", "data: \"" + used + "\""));
        assertThat(second.awaitExit(Duration.ofSeconds(60))).isEqualTo(1);
        assertThat(second.log())
                .content()
                .contains(used.toString(), "is in use by process")
                .doesNotContain("Exception");
        assertThat(cluster.nodes()).allMatch(NodeProcess::isRunning);
    }
}
