package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.Folders;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.cluster.testing.SteadyWriters;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The effect on writing clients of a node that stops, is killed, or returns with an empty disk. The election time-out
 * is so long that a write which waits for one to pass can't be mistaken for one that a busy machine held up; with the
 * usual one, what is printed are the gaps to expect.
 */
@Tag("alone")
class FailoverIT {

    private static final int SHARDS = 6;
    private static final Duration ELECTION =
            Duration.ofSeconds(Integer.getInteger("lockstep-test.election-seconds", 8));
    /** No follower becomes a candidate by its own clock before this has passed. */
    private static final Duration NO_TIME_OUT = ELECTION;

    @TempDir
    static Path home;

    private static NodeProcesses nodes;

    private Clients clients;
    private Session session;

    @BeforeAll
    static void start() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        nodes = NodeProcesses.start(
                home,
                members,
                id -> NodeProcesses.configuration(id, members, "shards: " + SHARDS)
                        .replace("election-timeout: 300ms", "election-timeout: " + ELECTION.toSeconds() + "s"),
                Map.of());
    }

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @BeforeEach
    void connect() {
        clients = new Clients("processes", nodes.addresses());
        session = clients.open();
    }

    @AfterEach
    void mend() throws Exception {
        nodes.makeWhole();
        try (Session last = clients.open()) {
            last.caches().join().forEach(cache -> last.destroyCache(cache.id()).join());
        }
        clients.close();
    }

    private SteadyWriters writers() throws Exception {
        int cache = session.createCache(
                        new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                .join()
                .id();
        return new SteadyWriters(clients, cache, 3);
    }

    private Collection<NodeId> leaders() {
        try (Session asking = clients.open()) {
            return asking.view().leaders().values();
        }
    }

    /**
     * Returns the node that leads most shards. None is being handed to it for balance: one that is on its way to a node at the moment when that is
     * killed is taken up when the election time-out has passed, since the others have not heard of their new leader.
     */
    private NodeProcess leaderOfMost() throws Exception {
        Eventually.holds("every shard has a leader", () -> leaders().size() == SHARDS);
        Collection<NodeId> leaders = leaders();
        return nodes.nodes().stream()
                .max(Comparator.comparingInt(node ->
                        Collections.frequency(leaders, new NodeId(node.member().id()))))
                .orElseThrow();
    }

    @Test
    void aRollingRestartHandsLeadershipsOverWithoutAnElectionTimeOut() throws Exception {
        try (SteadyWriters writers = writers()) {
            for (NodeProcess node : nodes.nodes()) {
                writers.writeSome();
                node.close();
                writers.writeSome();
                node.restart();
                node.awaitReady();
            }
            print("a rolling restart", writers);
            assertThat(writers.longest()).isLessThan(NO_TIME_OUT);
        }
    }

    @Test
    void aNodeThatIsStoppedLeadsNothingAnyMoreWhenItEnds() throws Exception {
        NodeProcess node = leaderOfMost();
        node.close();
        assertThat(Files.readString(node.log()))
                .contains("it transfers its leaderships")
                .doesNotContain("still leads");
        Eventually.holds(
                "others lead all",
                () -> leaders().size() == SHARDS
                        && !leaders().contains(new NodeId(node.member().id())));
    }

    @Test
    void aLeaderThatIsKilledIsFollowedByAnotherWithoutAnElectionTimeOut() throws Exception {
        try (SteadyWriters writers = writers()) {
            writers.writeSome();
            NodeProcess leader = leaderOfMost();
            leader.kill();
            writers.writeSome();
            Eventually.holds(
                    "every shard has another leader",
                    () -> leaders().size() == SHARDS
                            && !leaders().contains(new NodeId(leader.member().id())));
            writers.writeSome();
            for (NodeProcess survivor : nodes.nodes()) {
                if (survivor != leader) {
                    String successor = "until now " + leader.member().id() + " did";
                    Eventually.holds(
                            successor, () -> Files.readString(survivor.log()).contains(successor));
                    assertThat(Files.readString(survivor.log())).doesNotContain("org.apache.ratis");
                }
            }
            print("kill -9 of a leader", writers);
            assertThat(writers.longest()).isLessThan(NO_TIME_OUT);
        }
    }

    @Test
    void theReturnOfANodeWithAnEmptyDiskTakesNoElectionTimeOut() throws Exception {
        NodeProcess node = nodes.node(1);
        node.close();
        Folders.delete(home.resolve(node.member().id()).resolve("data"));
        try (SteadyWriters writers = writers()) {
            writers.writeSome();
            node.restart();
            node.awaitReady();
            for (int shard = 0; shard < SHARDS; shard++) {
                String again = "The replica of group " + shard + " on "
                        + node.member().id() + " has caught up and votes again";
                Eventually.holds(again, () -> Files.readString(node.log()).contains(again));
            }
            writers.writeSome();
            print("the return of a wiped node", writers);
            assertThat(writers.longest()).isLessThan(NO_TIME_OUT);
        }
    }

    private static void print(String what, SteadyWriters writers) {
        System.out.printf(
                "%s: the longest of %d writes took %d ms%n",
                what, writers.count(), writers.longest().toMillis());
    }
}
