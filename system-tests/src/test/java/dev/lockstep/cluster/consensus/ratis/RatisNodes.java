package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ReplicatedLogContract.Replica;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Nodes with one Raft group over TCP on loopback, in this JVM. Not thread-safe. */
final class RatisNodes implements AutoCloseable {

    static final int GROUP = 7;

    private final Path home;
    private final List<Member> members;
    private final List<List<Member>> views;
    private final List<@Nullable Tls> tls;
    private final RaftMember[] running;
    private final Replica[] replicas;

    /** @param views for each member, where it reaches the members */
    RatisNodes(Path home, List<Member> members, List<List<Member>> views) throws IOException {
        this(home, members, views, Collections.nCopies(members.size(), null));
    }

    /** @param tls for each member, what its connections are encrypted with; null for not at all */
    RatisNodes(Path home, List<Member> members, List<List<Member>> views, List<@Nullable Tls> tls) throws IOException {
        this.home = home;
        this.members = members;
        this.views = views;
        this.tls = tls;
        this.running = new RaftMember[members.size()];
        this.replicas = new Replica[members.size()];
        for (int i = 0; i < members.size(); i++) {
            start(i);
        }
    }

    /** Starts three nodes, each reaching the others directly. */
    static RatisNodes three(Path home) throws IOException {
        return three(home, Collections.nCopies(3, null));
    }

    /** @param tls for each node, what its connections are encrypted with; null for not at all */
    static RatisNodes three(Path home, List<@Nullable Tls> tls) throws IOException {
        List<Member> members = RaftMember.members(MemberPorts.reserve(3));
        return new RatisNodes(home, members, Collections.nCopies(3, members), tls);
    }

    List<Member> members() {
        return members;
    }

    /** Waits until one leads and is ready. */
    Replica leader() throws Exception {
        Eventually.holds("one leads and is ready", () -> readyLeader().isPresent());
        return readyLeader().orElseThrow();
    }

    private Optional<Replica> readyLeader() {
        return replicas().stream()
                .filter(replica -> replica.log().leadership().ready())
                .findFirst();
    }

    /** Starts a node, on what it left behind. */
    void start(int index) throws IOException {
        Member self = members.get(index);
        RatisSettings settings = RaftMember.settings(
                "ratis-test",
                self,
                views.get(index),
                home.resolve(self.id().name()),
                // As users have it: on a busy machine a shorter one costs leaders their office in the middle of a test.
                Duration.ofSeconds(1),
                64);
        RecordingMachine machine = new RecordingMachine();
        running[index] = new RaftMember(settings, links -> links, tls.get(index));
        ReplicatedLog<byte[], RecordingMachine.Entry> log = running[index]
                .consensus()
                .open(GROUP, members.stream().map(Member::id).toList(), machine);
        replicas[index] = new Replica(log, machine);
    }

    void stop(int index) {
        running[index].close();
        replicas[index] = null;
    }

    ReplicaStatus status(int index) {
        return running[index].consensus().replicas().get(0);
    }

    Replica replica(int index) {
        return replicas[index];
    }

    int index(NodeId id) {
        return members.stream().map(Member::id).toList().indexOf(id);
    }

    /** Returns the replicas of the nodes that run. */
    List<Replica> replicas() {
        return Arrays.stream(replicas).filter(Objects::nonNull).toList();
    }

    /** All of them at once: each waits for threads that look up once in an election time-out. */
    @Override
    public void close() {
        CompletableFuture.allOf(Arrays.stream(running)
                        .filter(Objects::nonNull)
                        .map(member -> CompletableFuture.runAsync(member::close, work -> new Thread(work).start()))
                        .toArray(CompletableFuture[]::new))
                .join();
    }
}
