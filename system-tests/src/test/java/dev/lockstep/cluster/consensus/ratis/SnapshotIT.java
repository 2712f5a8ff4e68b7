package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.ProxiedNetwork;
import dev.lockstep.cluster.testing.TcpProxy.Mode;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A member that was away is brought up by a checkpoint of many pieces, while writes go on. */
class SnapshotIT {

    private static final int MEMBERS = 3;
    private static final int UNDER_WAY = 16;
    private static final int GROUP = 0;
    private static final int ENTRIES_BEFORE = 6_000;
    private static final int ENTRIES_A_CHECKPOINT = 1_000;
    /** A checkpoint then has more than ten pieces. */
    private static final int NOISE = 200;

    private static final long PIECE_BYTES = 1 << 20;

    @TempDir
    Path home;

    private final Node[] nodes = new Node[MEMBERS];
    private final AtomicLong numbers = new AtomicLong();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    private final Thread writing = new Thread(this::write, "writer");
    private List<Member> members;
    private ProxiedNetwork network;
    private String segment = "";
    private volatile boolean pausing;
    private volatile boolean paused;
    private volatile boolean over;

    /** @param segment the size of the files of their logs */
    private void form(String segment) throws Exception {
        this.segment = segment;
        List<MemberPorts> ports = MemberPorts.reserve(MEMBERS);
        members = RaftMember.members(ports);
        network = new ProxiedNetwork(ports);
        for (int i = 0; i < MEMBERS; i++) {
            start(i, 0, links -> links);
        }
        writing.start();
    }

    /** A member that takes checkpoints often. */
    private record Node(RaftMember member, OrderMachine machine, ReplicatedLog<byte[], Long> log) {

        void close() {
            member.close();
        }
    }

    /**
     * @param kept how many entries before a checkpoint stay in its log
     * @param harm what its messages go through
     */
    private void start(int index, int kept, UnaryOperator<Links> harm) throws Exception {
        Member self = members.get(index);
        String id = self.id().name();
        RatisSettings settings = RaftMember.settings(
                "snapshots",
                self,
                RaftMember.members(network.seenFrom(id)),
                home.resolve(id),
                Duration.ofMillis(300),
                ENTRIES_A_CHECKPOINT);
        RaftMember member = new RaftMember(settings, harm, null, LogDisk.SYSTEM, properties -> {
            RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
            RaftServerConfigKeys.Log.setPurgePreservationLogNum(properties, kept);
            RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(segment));
            RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("16KB"));
        });
        OrderMachine machine = new OrderMachine(NOISE);
        ReplicatedLog<byte[], Long> log =
                member.consensus().open(GROUP, members.stream().map(Member::id).toList(), machine);
        member.awaitRead();
        synchronized (nodes) {
            nodes[index] = new Node(member, machine, log);
        }
    }

    @AfterEach
    void stop() throws Exception {
        over = true;
        writing.join();
        for (Node node : nodes) {
            if (node != null) {
                node.close();
            }
        }
        network.close();
    }

    private void write() {
        Semaphore room = new Semaphore(UNDER_WAY);
        while (!over) {
            if (pausing) {
                room.acquireUninterruptibly(UNDER_WAY);
                paused = true;
                room.release(UNDER_WAY);
                LockSupport.parkNanos(5_000_000);
                continue;
            }
            paused = false;
            room.acquireUninterruptibly();
            long number = numbers.incrementAndGet();
            Node leader = leader();
            if (leader == null) {
                LockSupport.parkNanos(5_000_000);
                room.release();
            } else {
                byte[] entry =
                        ByteBuffer.allocate(Long.BYTES).putLong(0, number).array();
                leader.log().propose(entry).whenComplete((answer, failure) -> answered(number, failure, room));
            }
        }
        room.acquireUninterruptibly(UNDER_WAY);
    }

    /** Waits until nothing is in flight, and nothing more is written until {@link #pausing} is false. */
    private void pause() throws Exception {
        pausing = true;
        Eventually.holds("nothing is in flight", () -> paused);
    }

    private void answered(long number, @Nullable Throwable failure, Semaphore room) {
        if (failure == null) {
            acknowledged.add(number);
        }
        room.release();
    }

    private @Nullable Node leader() {
        synchronized (nodes) {
            for (Node node : nodes) {
                if (node != null && node.log().leadership().ready()) {
                    return node;
                }
            }
            return null;
        }
    }

    private int follower() throws Exception {
        Eventually.holds("one leads", () -> leader() != null);
        Node leader = leader();
        return leader.equals(nodes[0]) ? 1 : 0;
    }

    /** Has one member lead, which is not far behind. */
    private void lead(int index) throws Exception {
        NodeId id = members.get(index).id();
        Eventually.holds(id + " leads", () -> {
            Node leader = leader();
            if (leader != null && !leader.equals(nodes[index])) {
                leader.log().stepDown(id);
            }
            return leader != null && leader.equals(nodes[index]);
        });
    }

    /** @return up to where it had applied */
    private long stop(int index) {
        synchronized (nodes) {
            long had = nodes[index].log().commitPosition();
            nodes[index].close();
            nodes[index] = null;
            return had;
        }
    }

    /** Stops a follower, and returns it when the others have no longer what it would need of the log. */
    private int fallenBehind() throws Exception {
        form("16KB");
        int away = follower();
        long had = stop(away);
        Eventually.holds("much is written", () -> acknowledged.size() > ENTRIES_BEFORE);
        for (int other = 0; other < MEMBERS; other++) {
            if (other != away) {
                isCutOff(other, had);
            }
        }
        return away;
    }

    private void isCutOff(int index, long behind) throws Exception {
        String id = members.get(index).id().name();
        Eventually.holds("the log is cut off", () -> firstSegment(id) > behind + ENTRIES_A_CHECKPOINT);
    }

    /** The position at which a node's log begins. */
    private long firstSegment(String id) throws IOException {
        try (Stream<Path> files = Files.walk(home.resolve(id))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("log_"))
                    .map(name -> name.substring("log_".length()).replace("inprogress_", ""))
                    .mapToLong(name -> Long.parseLong(name.split("-")[0]))
                    .min()
                    .orElse(0);
        } catch (UncheckedIOException | NoSuchFileException moved) {
            return 0;
        }
    }

    private void judge(int returned) throws Exception {
        over = true;
        writing.join();
        Eventually.holds(
                "it goes on from a checkpoint", () -> nodes[returned].machine().restored() > 0);
        long[] all = nodes[(returned + 1) % MEMBERS].machine().numbers();
        long[] others = nodes[(returned + 2) % MEMBERS].machine().numbers();
        int most = Math.max(all.length, others.length);
        for (Node node : nodes) {
            Eventually.holds("it has all", () -> node.machine().numbers().length >= most);
        }
        long[] everything = nodes[returned].machine().numbers();
        assertThat(everything).doesNotHaveDuplicates();
        assertThat(Arrays.stream(everything).boxed().collect(Collectors.toSet()))
                .containsAll(acknowledged);
        for (Node node : nodes) {
            Eventually.holds(
                    "it has the same", () -> Arrays.equals(node.machine().numbers(), everything));
        }
    }

    @Test
    void aMemberThatWasAwayIsBroughtUpWhileWritesGoOn() throws Exception {
        int away = fallenBehind();
        int before = acknowledged.size();
        start(away, 0, links -> links);
        int own = nodes[away].machine().restored();
        Eventually.holds(
                "a checkpoint is installed", () -> nodes[away].machine().restored() > own);
        Eventually.holds("writes went on", () -> acknowledged.size() > before + 1_000);
        judge(away);
        aMemberWithoutItsCheckpointIsMadeAnew((away + 1) % MEMBERS);
    }

    /** One of those whose log is cut off loses what came before. */
    private void aMemberWithoutItsCheckpointIsMadeAnew(int index) throws Exception {
        stop(index);
        Path checkpoints = home.resolve(members.get(index).id().name()).resolve("checkpoints/shard-" + GROUP);
        try (Stream<Path> files = Files.list(checkpoints)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        start(index, 0, links -> links);
        long[] everything = nodes[(index + 1) % MEMBERS].machine().numbers();
        Eventually.holds(
                "it has all again", () -> Arrays.equals(nodes[index].machine().numbers(), everything));
        assertThat(home.resolve(members.get(index).id().name()).resolve("quarantined"))
                .isNotEmptyDirectory();
    }

    @Test
    void connectionsCutInTheMiddleOfItDoNotKeepItAway() throws Exception {
        int away = fallenBehind();
        String id = members.get(away).id().name();
        pause(); // or a newer checkpoint would take the place of one that is fetched as slowly as here
        network.delay(id, Duration.ofMillis(20)); // a sixteenth of a piece takes as long
        start(away, 0, links -> links);
        int own = nodes[away].machine().restored();
        for (int cut = 0; cut < 3; cut++) {
            long pieces = 2 + 2L * cut;
            Eventually.holds("it is in the middle of a checkpoint", () -> received(id) >= pieces * PIECE_BYTES);
            network.set(id, Mode.CUT);
            network.set(id, Mode.PASS);
            assertThat(nodes[away].machine().restored()).isEqualTo(own);
        }
        network.heal();
        pausing = false;
        Eventually.holds(
                "a checkpoint is installed", () -> nodes[away].machine().restored() > own);
        judge(away);
    }

    /** The next leader has all that the follower needs, so it never has the checkpoint installed. */
    @Test
    void aCheckpointFetchedForALeaderThatIsGoneIsGivenUpIfTheNextHasTheEntries() throws Exception {
        aFetchOutlastsItsLeader(Integer.MAX_VALUE);
    }

    /** The next leader wants a checkpoint to be fetched too, but an earlier one would do for it. */
    @Test
    void aCheckpointFetchedForALeaderThatIsGoneWillDoForTheNext() throws Exception {
        aFetchOutlastsItsLeader(2 * ENTRIES_A_CHECKPOINT);
    }

    private void aFetchOutlastsItsLeader(int keptByTheNext) throws Exception {
        int away = 0;
        int asks = 1;
        int next = 2;
        form("16KB");
        Eventually.holds("all lead or follow", () -> leader() != null);
        stop(next);
        start(next, keptByTheNext, links -> links);
        lead(asks);
        long had = stop(away);
        Eventually.holds("much is written", () -> acknowledged.size() > ENTRIES_BEFORE);
        isCutOff(asks, had);
        if (keptByTheNext < Integer.MAX_VALUE) {
            isCutOff(next, had);
        }
        String cutLess = members.get(next).id().name();
        String cutMore = members.get(asks).id().name();
        Eventually.holds("one keeps more of its log", () -> firstSegment(cutLess) < firstSegment(cutMore));
        PausedCheckpoints held = new PausedCheckpoints();
        start(away, 0, held::on);
        Eventually.holds("it asks for a checkpoint", held::any);
        lead(next);
        held.release();
        judge(away);
    }

    /** The entry before the first that it needs is in no log any more, so it can't be asked whether it has that. */
    @Test
    void aMemberWhoseCheckpointEndsWhereTheLogBeginsIsSentTheLog() throws Exception {
        int away = 0;
        int next = 2;
        form("16MB");
        lead(1);
        Eventually.holds("something is written", () -> acknowledged.size() > 100);
        pause();
        Eventually.holds("all have the same", this::allHaveTheSame);
        long had = stop(away);
        lead(next); // a file of its log begins with each term
        pausing = false;
        Eventually.holds(
                "the log is cut off", () -> firstSegment(members.get(next).id().name()) == had + 1);
        start(away, 0, links -> links);
        judge(away);
    }

    private boolean allHaveTheSame() {
        return Arrays.stream(nodes).allMatch(node -> node.machine().numbers().length == acknowledged.size());
    }

    /** Returns the bytes of a checkpoint that have come: those that came before a cut are not asked for again. */
    private long received(String id) throws IOException {
        try (Stream<Path> files = Files.walk(home.resolve(id))) {
            return files.filter(file -> file.toString().endsWith(".part"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        } catch (UncheckedIOException | NoSuchFileException moved) {
            return 0;
        }
    }
}
