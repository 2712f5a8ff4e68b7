package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.ProxiedNetwork;
import dev.lockstep.cluster.testing.TcpProxy.Mode;
import dev.lockstep.protocol.topology.Member;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.ratis.protocol.RaftClientReply;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A member that was away is brought up by a snapshot of many chunks, while writes go on. */
class SnapshotIT {

    private static final int MEMBERS = 3;
    private static final int UNDER_WAY = 16;
    /** A snapshot then has so many bytes that it needs twenty chunks. */
    private static final int ENTRIES_BEFORE = 10_000;

    @TempDir
    Path home;

    private final CheckpointedNode[] nodes = new CheckpointedNode[MEMBERS];
    private final AtomicLong numbers = new AtomicLong();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    private final Thread writing = new Thread(this::write, "writer");
    private List<Member> members;
    private ProxiedNetwork network;
    private volatile boolean over;

    @BeforeEach
    void start() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(MEMBERS);
        members = RaftMember.members(ports);
        network = new ProxiedNetwork(ports);
        for (int i = 0; i < MEMBERS; i++) {
            start(i);
        }
        writing.start();
    }

    private void start(int index) throws Exception {
        Member self = members.get(index);
        List<Member> seen = RaftMember.members(network.seenFrom(self.id().name()));
        CheckpointedNode started =
                new CheckpointedNode(self, seen, home.resolve(self.id().name()).toFile());
        synchronized (nodes) {
            nodes[index] = started;
        }
    }

    @AfterEach
    void stop() throws Exception {
        over = true;
        writing.join();
        for (CheckpointedNode node : nodes) {
            if (node != null) {
                node.close();
            }
        }
        network.close();
    }

    private void write() {
        Semaphore room = new Semaphore(UNDER_WAY);
        while (!over) {
            room.acquireUninterruptibly();
            long number = numbers.incrementAndGet();
            try {
                CheckpointedNode leader = leader();
                if (leader == null) {
                    Thread.sleep(5);
                    room.release();
                } else {
                    leader.propose(number).whenComplete((reply, failure) -> answered(number, reply, room));
                }
            } catch (IOException | InterruptedException stopped) {
                room.release();
            }
        }
        room.acquireUninterruptibly(UNDER_WAY);
    }

    private void answered(long number, @Nullable RaftClientReply reply, Semaphore room) {
        if (reply != null && reply.isSuccess()) {
            acknowledged.add(number);
        }
        room.release();
    }

    private @Nullable CheckpointedNode leader() throws IOException {
        synchronized (nodes) {
            for (CheckpointedNode node : nodes) {
                if (node != null && node.division().getInfo().isLeaderReady()) {
                    return node;
                }
            }
            return null;
        }
    }

    private int follower() throws Exception {
        Eventually.holds("one leads", () -> leader() != null);
        CheckpointedNode leader = leader();
        return nodes[0] == leader ? 1 : 0;
    }

    /** Stops a follower, and returns it when the others have no longer what it would need of the log. */
    private int fallenBehind() throws Exception {
        int away = follower();
        long had;
        synchronized (nodes) {
            had = nodes[away].division().getRaftLog().getNextIndex();
            nodes[away].close();
            nodes[away] = null;
        }
        Eventually.holds("much is written", () -> acknowledged.size() > ENTRIES_BEFORE);
        for (CheckpointedNode node : nodes) {
            if (node != null) {
                Eventually.holds(
                        "the log is cut off behind it",
                        () -> node.division().getRaftLog().getStartIndex() > had);
            }
        }
        return away;
    }

    private void judge(int returned) throws Exception {
        over = true;
        writing.join();
        assertThat(nodes[returned].machine().installed()).isPositive();
        List<Long> numbersOfAll = nodes[(returned + 1) % MEMBERS].machine().numbers();
        for (CheckpointedNode node : nodes) {
            Eventually.holds(
                    "all have the same",
                    () -> node.machine().numbers().size()
                            >= nodes[(returned + 1) % MEMBERS]
                                    .machine()
                                    .numbers()
                                    .size());
        }
        List<Long> all = nodes[(returned + 1) % MEMBERS].machine().numbers();
        assertThat(all)
                .startsWith(numbersOfAll.toArray(Long[]::new))
                .doesNotHaveDuplicates()
                .containsAll(acknowledged);
        for (CheckpointedNode node : nodes) {
            Eventually.holds("it has the same", () -> node.machine().numbers().equals(all));
        }
    }

    @Test
    void aMemberThatWasAwayIsBroughtUpWhileWritesGoOn() throws Exception {
        int away = fallenBehind();
        int before = acknowledged.size();
        start(away);
        Eventually.holds("a snapshot is installed", () -> nodes[away].machine().installed() > 0);
        Eventually.holds("writes went on", () -> acknowledged.size() > before + 1_000);
        judge(away);
    }

    @Test
    void connectionsCutInTheMiddleOfItDoNotKeepItAway() throws Exception {
        int away = fallenBehind();
        String id = members.get(away).id().name();
        network.delay(id, Duration.ofMillis(8)); // a chunk takes as long, there and back
        start(away);
        Set<Path> interrupted = new HashSet<>();
        for (int cut = 0; cut < 3; cut++) {
            Eventually.holds("it is in the middle of a snapshot", () -> interrupted.addAll(halfReceived(id)));
            network.set(id, Mode.CUT);
            network.set(id, Mode.PASS);
            assertThat(nodes[away].machine().installed()).isZero();
        }
        network.heal();
        Eventually.holds("a snapshot is installed", () -> nodes[away].machine().installed() > 0);
        judge(away);
    }

    /** Where snapshots are collected until they are whole, of which three chunks or more have come. */
    private Set<Path> halfReceived(String id) throws IOException {
        try (Stream<Path> files = Files.walk(home.resolve(id))) {
            return files.filter(file -> file.toString().contains("tmp" + File.separator + "snapshot-"))
                    .filter(file -> Files.isRegularFile(file) && file.toFile().length() >= 3 * 4_096)
                    .collect(Collectors.toSet());
        } catch (UncheckedIOException | NoSuchFileException moved) {
            return Set.of();
        }
    }
}
