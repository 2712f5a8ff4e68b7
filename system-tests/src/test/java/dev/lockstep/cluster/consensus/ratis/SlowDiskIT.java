package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLogContract.Replica;
import dev.lockstep.cluster.consensus.ratis.files.SlowDisk;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.settings.Settings.RaftLogKind;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three nodes over TCP with two groups, where the disk of one node takes no writes of one group for a while. A disk that does not
 * answer shows it in a sync first, and then in writes.
 */
@Timeout(180)
class SlowDiskIT {

    private static final String CLUSTER = "slow-disk";
    private static final int HELD = 7;
    private static final int OTHER = 8;
    private static final Duration ELECTION = Duration.ofSeconds(1);
    /** An election time-out until the leader gives up, and an election; the rest is for a busy machine. */
    private static final Duration MOVED_WITHIN = Duration.ofSeconds(10);

    @TempDir
    Path home;

    private final List<Node> nodes = new ArrayList<>();

    private record Node(RaftMember member, SlowDisk disk, List<Replica> replicas) {

        Replica replica(int group) {
            return replicas.get(group - HELD);
        }
    }

    @BeforeEach
    void start() throws Exception {
        assumeTrue(RaftMember.RAFT_LOG == RaftLogKind.DIRECT, "Ratis writes with a thread of its own for each log");
        List<Member> members = RaftMember.members(MemberPorts.reserve(3));
        for (Member self : members) {
            SlowDisk disk = new SlowDisk();
            var settings = RaftMember.settings(
                    CLUSTER, self, members, home.resolve(self.id().name()), ELECTION);
            var member = new RaftMember(settings, links -> links, null, disk, properties -> {});
            List<Replica> replicas = IntStream.of(HELD, OTHER)
                    .mapToObj(group -> {
                        RecordingMachine machine = new RecordingMachine();
                        var log = member.consensus()
                                .open(group, members.stream().map(Member::id).toList(), machine);
                        return new Replica(log, machine);
                    })
                    .toList();
            nodes.add(new Node(member, disk, replicas));
        }
        for (int group : List.of(HELD, OTHER)) {
            propose(leader(group), group, "first");
            awaitAll(group, List.of("first"));
        }
    }

    @AfterEach
    void stop() {
        nodes.forEach(node -> node.disk().release());
        CompletableFuture.allOf(nodes.stream()
                        .map(node -> CompletableFuture.runAsync(node.member()::close, work -> new Thread(work).start()))
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    private Node leader(int group) throws Exception {
        Eventually.holds(
                "group " + group + " has a leader",
                () -> nodes.stream()
                        .anyMatch(node -> node.replica(group).log().leadership().ready()));
        return nodes.stream()
                .filter(node -> node.replica(group).log().leadership().ready())
                .findFirst()
                .orElseThrow();
    }

    private static CompletableFuture<RecordingMachine.Entry> submit(Node node, int group, String text) {
        return node.replica(group).log().propose(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void propose(Node node, int group, String text) throws Exception {
        submit(node, group, text).get(30, TimeUnit.SECONDS);
    }

    private void awaitAll(int group, List<String> texts) throws Exception {
        for (Node node : nodes) {
            await(node, group, texts);
        }
    }

    private static void await(Node node, int group, List<String> texts) throws Exception {
        Eventually.holds(
                "all of group " + group + " is applied",
                () -> node.replica(group).machine().texts().size() >= texts.size());
        assertThat(node.replica(group).machine().texts()).isEqualTo(texts);
    }

    private static Predicate<Path> filesOfHeldGroup() {
        String folder = RatisNames.groupId(CLUSTER, HELD).getUuid().toString();
        return file -> file.toString().contains(folder);
    }

    /** Lets a sync of the held group wait, and after it all writes. */
    private void hold(Node node, String text) throws Exception {
        node.disk().holdSyncs(filesOfHeldGroup());
        propose(leader(HELD), HELD, text);
        Eventually.holds("a sync waits", () -> !node.disk().held().isEmpty());
        node.disk().hold(filesOfHeldGroup());
    }

    @Test
    void aFollowerWhoseDiskTakesNoWriteHoldsUpNeitherItsGroupNorAnother() throws Exception {
        Node leads = leader(HELD);
        Node otherLeads = leader(OTHER);
        Node slow = nodes.stream()
                .filter(node -> !node.equals(leads) && !node.equals(otherLeads))
                .findFirst()
                .orElseThrow();
        hold(slow, "second");
        List<String> held = new ArrayList<>(List.of("first", "second"));
        List<String> other = new ArrayList<>(List.of("first"));
        for (int i = 0; i < 20; i++) {
            propose(leads, HELD, "held " + i);
            held.add("held " + i);
            propose(otherLeads, OTHER, "other " + i);
            other.add("other " + i);
        }
        Eventually.holds("a write waits", () -> slow.disk().held().size() > 1);
        awaitAll(OTHER, other);
        assertThat(slow.replica(HELD).machine().texts()).hasSizeLessThan(held.size());
        Eventually.holds(
                "it still hears its leaders",
                () -> IntStream.of(HELD, OTHER)
                        .allMatch(group -> slow.replica(group).log().sinceLeaderContactNanos() < ELECTION.toNanos()));
        slow.disk().release();
        awaitAll(HELD, held);
    }

    @Test
    void aLeaderWhoseDiskTakesNoWriteIsReplacedAndWritesGoOn() throws Exception {
        Node slow = leader(HELD);
        hold(slow, "second");
        CompletableFuture<RecordingMachine.Entry> stuck = submit(slow, HELD, "stuck");
        requireMovedAndCaughtUp(slow, stuck);
    }

    /** The thread that proposes is in the write, since nothing had told that the disk is stuck. */
    @Test
    void aLeaderIsReplacedThoughTheThreadThatProposedIsHeldInTheWrite() throws Exception {
        Node slow = leader(HELD);
        CompletableFuture<RecordingMachine.Entry> stuck = new CompletableFuture<>();
        Thread proposing = proposeAndHold(slow, stuck);
        requireMovedAndCaughtUp(slow, stuck);
        proposing.join();
    }

    /** Again until no sync and no slow write before it has had the entry written elsewhere. */
    private static Thread proposeAndHold(Node slow, CompletableFuture<RecordingMachine.Entry> stuck) throws Exception {
        AtomicReference<Thread> proposing = new AtomicReference<>();
        Eventually.holds("the thread that proposes is held", () -> {
            CompletableFuture<RecordingMachine.Entry> proposal = new CompletableFuture<>();
            Thread thread = new Thread(() -> submit(slow, HELD, "stuck").whenComplete((done, failure) -> {
                if (failure == null) {
                    proposal.complete(done);
                } else {
                    proposal.completeExceptionally(failure);
                }
            }));
            slow.disk().hold(filesOfHeldGroup());
            thread.start();
            Eventually.holds(
                    "a write waits",
                    () -> slow.disk().held().stream()
                            .anyMatch(held ->
                                    held.equals(thread) || held.getName().endsWith("-writes")));
            if (slow.disk().held().contains(thread)) {
                proposing.set(thread);
                proposal.whenComplete((done, failure) -> stuck.complete(done));
                return true;
            }
            slow.disk().release();
            thread.join();
            proposal.get(30, TimeUnit.SECONDS);
            return false;
        });
        return proposing.get();
    }

    private void requireMovedAndCaughtUp(Node slow, CompletableFuture<RecordingMachine.Entry> stuck) throws Exception {
        long from = System.nanoTime();
        propose(leader(OTHER), OTHER, "meanwhile");
        Eventually.holds(
                "another leads",
                () -> nodes.stream()
                        .anyMatch(node -> !node.equals(slow)
                                && node.replica(HELD).log().leadership().ready()));
        Node leads = nodes.stream()
                .filter(node -> !node.equals(slow)
                        && node.replica(HELD).log().leadership().ready())
                .findFirst()
                .orElseThrow();
        propose(leads, HELD, "goes on");
        assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(MOVED_WITHIN);
        awaitAll(OTHER, List.of("first", "meanwhile"));
        assertThat(slow.member().consensus().replicas())
                .anyMatch(replica -> replica.group() == HELD && replica.note().equals(ReplicaStatus.SLOW_DISK));
        Eventually.holds(
                "it knows that it does not lead any more",
                () -> !slow.replica(HELD).log().leadership().leads());
        slow.disk().release();
        propose(leads, HELD, "last");
        awaitAll(HELD, leads.replica(HELD).machine().texts());
        assertThat(leads.replica(HELD).machine().texts()).contains("first", "goes on", "last");
        requireSettled(stuck);
    }

    /** It may have been committed by the next leader, or not; who proposed it is told so. */
    private static void requireSettled(CompletableFuture<RecordingMachine.Entry> stuck) throws Exception {
        try {
            stuck.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException unknown) {
            assertThat(unknown).isNotNull();
        }
    }
}
