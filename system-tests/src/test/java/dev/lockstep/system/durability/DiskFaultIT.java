package dev.lockstep.system.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cli.CliMain;
import dev.lockstep.cluster.node.Node;
import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.system.load.Writers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The disk of one of three nodes fails under load: the node ends and says why, the others serve on, nothing acknowledged is
 * lost, and once the disk is well the node comes back. Skipped where there is not what it needs: loop-mounted disks, or gcc.
 *
 * <p>Each test leaves its cluster whole, so that those of the same kind share one. They mostly wait, for nodes to start and for
 * a disk that does not answer: two kinds run at the same time.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DiskFaultIT {

    private static final int NODES = 3;
    private static final int DISK_FAILED = 3;
    private static final int MEGABYTES = 256;
    /** A disk that does not answer is given up after half a minute. */
    private static final Duration ENDS_WITHIN = Duration.ofSeconds(60);

    private interface Step {
        void take() throws Exception;
    }

    /** A test that has the cluster of its class to itself. */
    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    @Retention(RetentionPolicy.RUNTIME)
    private @interface InTurn {}

    /** Three nodes, each with its Raft logs in a folder of their own, and the writers. */
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    @Execution(ExecutionMode.CONCURRENT)
    abstract static class ThreeNodes {

        Path home;
        private final List<MemberPorts> members = MemberPorts.reserve(NODES);
        private @Nullable NodeProcesses nodes;
        private @Nullable Writers load;

        @BeforeAll
        final void liveIn(@TempDir Path folder) {
            home = folder;
        }

        final String id(int index) {
            return members.get(index).id();
        }

        final void start(String durability, Map<String, String> environment) throws IOException {
            nodes = NodeProcesses.start(
                    home,
                    members,
                    id -> PowerCut.configuration(id, members, durability, home.resolve("disk-" + id))
                            .replace("shards: 4", "shards: 1"),
                    environment);
            load = new Writers(nodes);
        }

        @AfterAll
        void close() throws IOException {
            if (load != null) {
                load.close();
            }
            if (nodes != null) {
                NodeProcess.kill(nodes.nodes());
            }
        }

        /** After a failure too the next test finds all nodes, and no writer. */
        @AfterEach
        void makeWhole() throws Exception {
            if (load != null) {
                load.stop();
                load.awaitEnd();
            }
            mend();
            if (nodes != null) {
                nodes.makeWhole();
            }
        }

        /** Makes all disks well. */
        abstract void mend() throws IOException;

        final Writers load() {
            return Objects.requireNonNull(load);
        }

        final NodeProcesses nodes() {
            return Objects.requireNonNull(nodes);
        }

        /** Returns the node that leads the only shard. */
        final int leader() throws Exception {
            int[] index = {-1};
            Eventually.holds("the shard has a leader", () -> {
                try (Clients clients = new Clients("processes", nodes().addresses());
                        Session session = clients.open()) {
                    NodeId leader = session.view().leaders().get(0);
                    for (int i = 0; i < NODES; i++) {
                        if (leader != null && leader.name().equals(id(i))) {
                            index[0] = i;
                        }
                    }
                    return index[0] >= 0;
                }
            });
            return index[0];
        }

        /** Waits until {@code lockstep doctor} says this. */
        final void doctorNames(String finding) throws Exception {
            StringWriter told = new StringWriter();
            PrintWriter out = new PrintWriter(told, true);
            Eventually.holds(() -> "the doctor says \"" + finding + "\": " + told, () -> {
                told.getBuffer().setLength(0);
                CliMain.run(
                        new String[] {"doctor", "--cluster", "processes", "--servers", nodes().addresses()}, out, out);
                return told.toString().contains(finding);
            });
        }

        final void endsAndComesBack(int index, Step harm, Step mend, String reason) throws Exception {
            NodeProcess victim = nodes().node(index);
            load().begin();
            load().awaitService();
            harm.take();
            assertThat(victim.awaitExit(ENDS_WITHIN)).isEqualTo(DISK_FAILED);
            assertThat(Files.readString(victim.log()))
                    .contains("Node " + id(index) + " stops, because its Raft logs in "
                            + home.resolve("disk-" + id(index)).resolve("raft") + " can't be written: ")
                    // The JDK does not say why a sync failed with which a log is truncated.
                    .containsAnyOf(reason, "sync failed")
                    .contains("start the node again");
            load().awaitService();
            load().stop();
            load().awaitEnd();
            assertThat(load().lost()).isEmpty();
            mend.take();
            victim.restart();
            victim.awaitReady();
            load().begin();
            load().awaitService();
            load().stop();
            load().awaitEnd();
            // Now there is no majority without it: what is found, it has.
            NodeProcess other = nodes().node((index + 1) % NODES);
            other.kill();
            assertThat(load().lost()).isEmpty();
            other.restart();
            other.awaitReady();
        }
    }

    @Nested
    class OnDisksOfTheirOwn extends ThreeNodes {

        private final List<LoopDisk> disks = new ArrayList<>();
        private final Set<Integer> full = new HashSet<>();
        private final Set<Integer> broken = new HashSet<>();

        @BeforeAll
        void start() throws IOException {
            assumeLoopDisks(home);
            for (int i = 0; i < NODES; i++) {
                disks.add(LoopDisk.create(home, "disk-" + id(i), MEGABYTES));
            }
            start("process", Map.of());
        }

        @AfterAll
        @Override
        void close() throws IOException {
            super.close();
            for (LoopDisk disk : disks) {
                disk.close();
            }
        }

        private void fills(int index) throws IOException {
            full.add(index);
            disks.get(index).fill();
        }

        private void hasRoom(int index) throws IOException {
            disks.get(index).makeRoom();
            full.remove(index);
        }

        private void breaks(int index) throws IOException {
            broken.add(index);
            LoopDisk.cutPower(List.of(disks.get(index)));
        }

        private void isReplugged(int index) throws IOException {
            disks.get(index).unmount();
            disks.get(index).mount();
            broken.remove(index);
        }

        @Override
        void mend() throws IOException {
            for (int index : List.copyOf(full)) {
                hasRoom(index);
            }
            for (int index : List.copyOf(broken)) {
                nodes().node(index).kill();
                isReplugged(index);
            }
        }

        @InTurn
        void aNodeWhoseDiskIsFullEnds() throws Exception {
            int leader = leader();
            endsAndComesBack(leader, () -> fills(leader), () -> hasRoom(leader), "No space left on device");
            int follower = (leader() + 1) % NODES;
            endsAndComesBack(follower, () -> fills(follower), () -> hasRoom(follower), "No space left on device");
        }

        @InTurn
        void theDoctorNamesADiskThatIsNearlyFull() throws Exception {
            disks.get(0).fillUntil(0.05);
            full.add(0);
            doctorNames("The disk of " + id(0) + " has");
        }

        @InTurn
        void aNodeWhoseDiskGivesErrorsEnds() throws Exception {
            int leader = leader();
            endsAndComesBack(leader, () -> breaks(leader), () -> isReplugged(leader), "Input/output error");
            int follower = (leader() + 1) % NODES;
            endsAndComesBack(follower, () -> breaks(follower), () -> isReplugged(follower), "Input/output error");
        }
    }

    private static void assumeLoopDisks(Path home) {
        Optional<String> why = LoopDisk.whyNot(home);
        assumeTrue(why.isEmpty(), () -> "Skipped: no loop-mounted disks here: " + why.orElseThrow());
    }

    /** Without a process of its own, it closes what it has; the JVM is the application's. */
    @Test
    void anEmbeddedNodeClosesAndTheJvmLives(@TempDir Path home) throws Exception {
        assumeLoopDisks(home);
        try (LoopDisk disk = LoopDisk.create(home, "disk-n1", MEGABYTES)) {
            Path file = Files.writeString(
                    home.resolve("lockstep.yaml"),
                    PowerCut.configuration("n1", MemberPorts.reserve(1), "disk", disk.folder()));
            try (Node node = new Node(
                    SettingsReader.fromFile(file), Time.system(), EventLoop.threaded("embedded"), Duration.ZERO)) {
                assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
                LoopDisk.cutPower(List.of(disk));
                assertThat(node.stopped())
                        .succeedsWithin(ENDS_WITHIN)
                        .asString()
                        .contains("Node n1 stops", "Input/output error");
                assertThat(node.link().isOpen()).isFalse();
            }
        }
    }

    /** The first node's calls fail. */
    abstract static class UnderOrders extends ThreeNodes {

        private @Nullable FaultyCalls faulty;

        final void startUnderOrders(String durability) throws IOException {
            try {
                faulty = FaultyCalls.compile(home, home.resolve("disk-" + id(0)));
            } catch (IOException failure) {
                assumeTrue(false, () -> "Skipped: nothing can be compiled here: " + failure.getMessage());
            }
            start(durability, faulty().environment());
        }

        final FaultyCalls faulty() {
            return Objects.requireNonNull(faulty);
        }

        @Override
        void mend() throws IOException {
            if (faulty != null) {
                faulty.mend();
            }
        }
    }

    @Nested
    class WhereLogsAreSyncedInTheBackground extends UnderOrders {

        @BeforeAll
        void start() throws IOException {
            startUnderOrders("process");
        }

        /** Ratis does not report that. */
        @InTurn
        void aNodeThatCantSyncItsLogInTheBackgroundEnds() throws Exception {
            endsAndComesBack(0, faulty()::failSyncs, faulty()::mend, "Input/output error");
        }
    }

    /** On a cluster of its own: a node that has to write down a vote meanwhile can't be started again, so there shall be no elections. */
    @Nested
    class WhereNothingCanBeWritten extends UnderOrders {

        @BeforeAll
        void start() throws IOException {
            startUnderOrders("process");
        }

        @InTurn
        void aNodeThatCantWriteEnds() throws Exception {
            endsAndComesBack(0, faulty()::failWrites, faulty()::mend, "Input/output error");
        }
    }

    @Nested
    class WhereLogsAreSyncedBeforeTheAnswer extends UnderOrders {

        @BeforeAll
        void start() throws IOException {
            startUnderOrders("disk");
        }

        @InTurn
        void aNodeThatCantSyncItsLogBeforeItAnswersEnds() throws Exception {
            endsAndComesBack(0, faulty()::failSyncs, faulty()::mend, "Input/output error");
        }

        @InTurn
        void aNodeWhoseDiskDoesNotAnswerEnds() throws Exception {
            endsAndComesBack(
                    0,
                    () -> faulty().slowSyncs(45_000),
                    faulty()::mend,
                    "nothing could be written and synced within 30 s");
        }

        @InTurn
        void aSlowDiskSlowsNoOtherNodeDownAndLosesNothing() throws Exception {
            load().begin();
            load().awaitService();
            faulty().slowSyncs(500);
            load().awaitService();
            load().awaitService();
            doctorNames("A small write to the disk of " + id(0) + " takes 5");
            load().stop();
            load().awaitEnd();
            assertThat(nodes().node(0).isRunning()).isTrue();
            assertThat(load().lost()).isEmpty();
            faulty().mend();
            NodeProcess.kill(nodes().nodes());
            nodes().makeWhole();
            assertThat(load().lost()).isEmpty();
        }
    }
}
