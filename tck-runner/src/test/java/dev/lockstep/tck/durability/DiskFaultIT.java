package dev.lockstep.tck.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cluster.node.Node;
import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.routing.Session;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The disk of one of three nodes fails under load: the node ends and says why, the others serve on, nothing acknowledged is
 * lost, and once the disk is well the node comes back. Skipped where there is not what it needs: loop-mounted disks, or gcc.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DiskFaultIT {

    private static final int NODES = 3;
    private static final int DISK_FAILED = 3;
    private static final int MEGABYTES = 256;
    /** A disk that does not answer is given up after half a minute. */
    private static final Duration ENDS_WITHIN = Duration.ofSeconds(60);

    @TempDir
    Path home;

    private final List<LoopDisk> disks = new ArrayList<>();
    private @Nullable NodeProcesses nodes;
    private @Nullable Load load;

    @AfterEach
    void close() throws IOException {
        if (load != null) {
            load.close();
        }
        if (nodes != null) {
            NodeProcess.kill(nodes.nodes());
        }
        for (LoopDisk disk : disks) {
            disk.close();
        }
    }

    private interface Step {
        void take() throws Exception;
    }

    private void startOnLoopDisks() throws IOException {
        Optional<String> why = LoopDisk.whyNot(home);
        assumeTrue(why.isEmpty(), () -> "Skipped: no loop-mounted disks here: " + why.orElseThrow());
        List<MemberPorts> members = MemberPorts.reserve(NODES);
        for (MemberPorts member : members) {
            disks.add(LoopDisk.create(home, "disk-" + member.id(), MEGABYTES));
        }
        start(members, "process", home, Map.of());
    }

    private void start(List<MemberPorts> members, String durability, Path disksIn, Map<String, String> environment)
            throws IOException {
        nodes = NodeProcesses.start(
                home,
                members,
                id -> PowerCut.configuration(id, members, durability, disksIn.resolve("disk-" + id))
                        .replace("shards: 4", "shards: 1"),
                environment);
        load = new Load(nodes);
    }

    /** Which of the nodes leads the only shard. */
    private int leader() throws Exception {
        int[] index = {-1};
        Eventually.holds("the shard has a leader", () -> {
            try (Clients clients = new Clients("processes", nodes.addresses());
                    Session session = clients.open()) {
                NodeId leader = session.view().leaders().get(0);
                for (int i = 0; i < NODES; i++) {
                    if (leader != null
                            && leader.name().equals(nodes.node(i).member().id())) {
                        index[0] = i;
                    }
                }
                return index[0] >= 0;
            }
        });
        return index[0];
    }

    private void endsAndComesBack(int index, Step harm, Step mend, String reason) throws Exception {
        NodeProcess victim = nodes.node(index);
        load.begin();
        load.awaitService();
        harm.take();
        assertThat(victim.awaitExit(ENDS_WITHIN)).isEqualTo(DISK_FAILED);
        assertThat(Files.readString(victim.log()))
                .contains("Node " + victim.member().id() + " stops, because its Raft logs in "
                        + home.resolve("disk-" + victim.member().id()).resolve("raft") + " can't be written: ")
                .contains(reason)
                .contains("start the node again");
        load.awaitService();
        load.stop();
        load.awaitEnd();
        assertThat(load.lost()).isEmpty();
        mend.take();
        victim.restart();
        victim.awaitReady();
        load.begin();
        load.awaitService();
        load.stop();
        load.awaitEnd();
        // Now there is no majority without it: what is found, it has.
        NodeProcess other = nodes.node((index + 1) % NODES);
        other.kill();
        assertThat(load.lost()).isEmpty();
        other.restart();
        other.awaitReady();
    }

    @Test
    void aNodeWhoseDiskIsFullEnds() throws Exception {
        startOnLoopDisks();
        int leader = leader();
        LoopDisk disk = disks.get(leader);
        endsAndComesBack(leader, disk::fill, disk::makeRoom, "No space left on device");
        int follower = (leader() + 1) % NODES;
        LoopDisk another = disks.get(follower);
        endsAndComesBack(follower, another::fill, another::makeRoom, "No space left on device");
    }

    @Test
    void aNodeWhoseDiskGivesErrorsEnds() throws Exception {
        startOnLoopDisks();
        int leader = leader();
        endsAndComesBack(leader, () -> breaks(leader), () -> isReplugged(leader), "Input/output error");
        int follower = (leader() + 1) % NODES;
        endsAndComesBack(follower, () -> breaks(follower), () -> isReplugged(follower), "Input/output error");
    }

    private void breaks(int index) throws IOException {
        LoopDisk.cutPower(List.of(disks.get(index)));
    }

    private void isReplugged(int index) throws IOException {
        disks.get(index).unmount();
        disks.get(index).mount();
    }

    /** Without a process of its own, it closes what it has; the JVM is the application's. */
    @Test
    void anEmbeddedNodeClosesAndTheJvmLives() throws Exception {
        Optional<String> why = LoopDisk.whyNot(home);
        assumeTrue(why.isEmpty(), () -> "Skipped: no loop-mounted disks here: " + why.orElseThrow());
        LoopDisk disk = LoopDisk.create(home, "disk-n1", MEGABYTES);
        disks.add(disk);
        Path file = Files.writeString(
                home.resolve("lockstep.yaml"),
                PowerCut.configuration("n1", MemberPorts.reserve(1), "disk", disk.folder()));
        try (Node node = new Node(SettingsReader.fromFile(file), Time.system(), EventLoop.threaded("embedded"))) {
            assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
            LoopDisk.cutPower(List.of(disk));
            assertThat(node.stopped())
                    .succeedsWithin(ENDS_WITHIN)
                    .asString()
                    .contains("Node n1 stops", "Input/output error");
            assertThat(node.link().isOpen()).isFalse();
        }
    }

    // By calls that fail

    private FaultyCalls startUnderOrders(String durability, int victim) throws Exception {
        FaultyCalls faulty;
        List<MemberPorts> members = MemberPorts.reserve(NODES);
        try {
            faulty = FaultyCalls.compile(
                    home, home.resolve("disk-" + members.get(victim).id()));
        } catch (IOException failure) {
            return assumed(failure);
        }
        start(members, durability, home, faulty.environment());
        return faulty;
    }

    private static FaultyCalls assumed(IOException failure) {
        assumeTrue(false, () -> "Skipped: nothing can be compiled here: " + failure.getMessage());
        throw new IllegalStateException(failure);
    }

    /** Ratis tells nobody of that. */
    @Test
    void aNodeThatCantSyncItsLogInTheBackgroundEnds() throws Exception {
        FaultyCalls faulty = startUnderOrders("process", 0);
        endsAndComesBack(0, faulty::failSyncs, faulty::mend, "Input/output error");
    }

    @Test
    void aNodeThatCantSyncItsLogBeforeItAnswersEnds() throws Exception {
        FaultyCalls faulty = startUnderOrders("disk", 0);
        endsAndComesBack(0, faulty::failSyncs, faulty::mend, "Input/output error");
    }

    @Test
    void aNodeThatCantWriteEnds() throws Exception {
        FaultyCalls faulty = startUnderOrders("process", 0);
        endsAndComesBack(0, faulty::failWrites, faulty::mend, "Input/output error");
    }

    @Test
    void aNodeWhoseDiskDoesNotAnswerEnds() throws Exception {
        FaultyCalls faulty = startUnderOrders("disk", 0);
        endsAndComesBack(
                0, () -> faulty.slowSyncs(45_000), faulty::mend, "nothing could be written and synced within 30 s");
    }

    @Test
    void aSlowDiskSlowsNobodyElseDownAndLosesNothing() throws Exception {
        FaultyCalls faulty = startUnderOrders("disk", 0);
        load.begin();
        load.awaitService();
        faulty.slowSyncs(500);
        load.awaitService();
        load.awaitService();
        load.stop();
        load.awaitEnd();
        assertThat(nodes.node(0).isRunning()).isTrue();
        assertThat(load.lost()).isEmpty();
        faulty.mend();
        NodeProcess.kill(nodes.nodes());
        for (NodeProcess node : nodes.nodes()) {
            node.restart();
        }
        for (NodeProcess node : nodes.nodes()) {
            node.awaitReady();
        }
        assertThat(load.lost()).isEmpty();
    }
}
