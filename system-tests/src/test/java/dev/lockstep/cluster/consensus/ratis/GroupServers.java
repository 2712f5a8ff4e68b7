package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.SetConfigurationRequest.Arguments;
import org.apache.ratis.protocol.SetConfigurationRequest.Mode;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.ProtoUtils;
import org.apache.ratis.util.TimeDuration;

/**
 * Several {@link GroupServer}s over TCP on loopback, in this JVM, by their numbers from 0 on, and one group whose members a test
 * changes. Not thread-safe.
 */
final class GroupServers implements AutoCloseable {

    /** Long enough that no leader is deposed on a busy machine. */
    static final Duration ELECTION = Duration.ofMillis(700);
    /** Half as long again as the longest election time-out: a group that can elect a leader has tried to. */
    static final Duration LONGER_THAN_AN_ELECTION = ELECTION.multipliedBy(3);

    static final String CLUSTER = "membership";
    static final int ENTRIES_A_CHECKPOINT = 64;

    private static final long SECONDS = 30;

    private final Path home;
    private final Duration election;
    private final List<Member> members;
    private final Consumer<RaftProperties> further;
    private final GroupServer[] running;
    private final Set<Cut> cuts = ConcurrentHashMap.newKeySet();
    private RaftGroupId group = RatisNames.groupId(CLUSTER, 0);

    /**
     * A connection on which some messages get lost.
     *
     * @param leastBytes those that are as large
     */
    private record Cut(NodeId from, NodeId to, int leastBytes) {}

    /** The members of a group, by the numbers of their servers. */
    record Membership(List<Integer> voters, List<Integer> learners) {

        static Membership of(Integer... voters) {
            return new Membership(List.of(voters), List.of());
        }

        Membership with(Integer... newLearners) {
            return new Membership(voters, List.of(newLearners));
        }
    }

    GroupServers(Path home, int count) throws IOException {
        this(home, count, ELECTION, properties -> {});
    }

    /**
     * @param election the shortest time-out
     * @param further settings of Ratis
     */
    GroupServers(Path home, int count, Duration election, Consumer<RaftProperties> further) throws IOException {
        this.home = home;
        this.election = election;
        this.further = further;
        this.members = RaftMember.members(MemberPorts.reserve(count));
        this.running = new GroupServer[count];
        for (int i = 0; i < count; i++) {
            start(i, false);
        }
    }

    /** Has a leader wait as long for a new member that doesn't answer. */
    static Consumer<RaftProperties> stagingFor(Duration time) {
        return properties -> RaftServerConfigKeys.setStagingTimeout(
                properties, TimeDuration.valueOf(time.toMillis(), TimeUnit.MILLISECONDS));
    }

    // Servers

    /** @param opensWhatItFinds see {@link GroupServer} */
    GroupServer start(int index, boolean opensWhatItFinds) throws IOException {
        Member self = members.get(index);
        RatisSettings settings = RaftMember.settings(
                CLUSTER, self, members, home.resolve(self.id().name()), election, ENTRIES_A_CHECKPOINT);
        running[index] = new GroupServer(settings, links -> cuttable(self.id(), links), further, opensWhatItFinds);
        return running[index];
    }

    void stop(int index) {
        running[index].close();
        running[index] = null;
    }

    GroupServer server(int index) {
        return running[index];
    }

    private Links cuttable(NodeId self, Links links) {
        return new Links() {
            @Override
            public Link to(Member member) {
                return new InterceptedLink(
                        links.to(member),
                        (link, request, handler) ->
                                isLost(self, member.id(), request) ? 0 : link.send(request, handler));
            }

            @Override
            public void close() {
                links.close();
            }
        };
    }

    private boolean isLost(NodeId from, NodeId to, Request request) {
        int bytes = ((Request.ToLog) request).message().array().length;
        return cuts.stream()
                .anyMatch(cut -> cut.from().equals(from) && cut.to().equals(to) && bytes >= cut.leastBytes());
    }

    /** Loses all messages between two servers. */
    void cut(int one, int other) {
        loseLarge(one, other, 0);
        loseLarge(other, one, 0);
    }

    /** Loses the messages from one server to another that have as many bytes. */
    void loseLarge(int from, int to, int leastBytes) {
        cuts.add(new Cut(members.get(from).id(), members.get(to).id(), leastBytes));
    }

    /** Loses all messages of a server and to it. */
    void isolate(int index) {
        IntStream.range(0, members.size()).filter(i -> i != index).forEach(i -> cut(index, i));
    }

    void heal() {
        cuts.clear();
    }

    // The group

    RaftGroupId group() {
        return group;
    }

    /** Switches to another group. */
    void turnTo(int number) {
        group = RatisNames.groupId(CLUSTER, number);
    }

    RaftPeer peer(int index) {
        Member member = members.get(index);
        return RaftPeer.newBuilder()
                .setId(RatisNames.id(member.id()))
                .setAddress(member.host() + ":" + member.port())
                .build();
    }

    List<RaftPeer> peers(Collection<Integer> indexes) {
        return indexes.stream().map(this::peer).toList();
    }

    /** Founds the group, and returns its leader. */
    int form(Integer... voters) throws Exception {
        for (int voter : voters) {
            running[voter].add(group, peers(List.of(voters)));
        }
        return leader();
    }

    /** All servers, members of any group or not. */
    List<Member> members() {
        return members;
    }

    /** Opens a replica that is going to be added, and knows some members, but is none itself: its votes don't count yet. */
    void open(int index, Integer... members) throws Exception {
        running[index].add(group, peers(List.of(members)));
    }

    /** Closes a replica, and opens it again on its files. */
    void reopen(int index) throws Exception {
        running[index].remove(group, false);
        running[index].add(group, List.of());
    }

    /** Waits until one leads and is ready. */
    int leader() throws Exception {
        Eventually.holds("one leads and is ready", () -> readyLeader() >= 0);
        return readyLeader();
    }

    /** Returns the server that leads and is ready, in the highest term if there are several; -1 for none. */
    int readyLeader() {
        int leader = -1;
        long term = -1;
        for (int i = 0; i < running.length; i++) {
            RaftServer.Division division = hosted(i) ? division(i) : null;
            if (division != null
                    && division.getInfo().isLeaderReady()
                    && division.getInfo().getCurrentTerm() > term) {
                leader = i;
                term = division.getInfo().getCurrentTerm();
            }
        }
        return leader;
    }

    private boolean hosted(int index) {
        if (running[index] != null) {
            for (RaftGroupId id : running[index].server().getGroupIds()) {
                if (id.equals(group)) {
                    return true;
                }
            }
        }
        return false;
    }

    RaftServer.Division division(int index) {
        try {
            return running[index].division(group);
        } catch (IOException gone) {
            throw new IllegalStateException(gone);
        }
    }

    /** Returns the one of some that is none of others. */
    static int other(Collection<Integer> some, Integer... others) {
        return some.stream()
                .filter(one -> !Arrays.asList(others).contains(one))
                .findFirst()
                .orElseThrow();
    }

    CompletableFuture<RecordingMachine.Entry> propose(int at, String text) {
        return running[at].log(group).propose(text.getBytes(StandardCharsets.UTF_8));
    }

    void write(int at, String text) throws Exception {
        propose(at, text).get(SECONDS, TimeUnit.SECONDS);
    }

    List<String> applied(int index) {
        return running[index].machine(group).texts();
    }

    void awaitApplied(int index, String... texts) throws Exception {
        Eventually.holds(
                () -> "applied by " + index + ": " + applied(index),
                () -> applied(index).equals(List.of(texts)));
    }

    /** Changes the members if they are {@code from}. */
    CompletableFuture<RaftClientReply> change(int at, Membership from, Membership to) throws IOException {
        return setConfiguration(
                at,
                Arguments.newBuilder()
                        .setMode(Mode.COMPARE_AND_SET)
                        .setServersInCurrentConf(peers(from.voters()))
                        .setListenersInCurrentConf(peers(from.learners()))
                        .setServersInNewConf(peers(to.voters()))
                        .setListenersInNewConf(peers(to.learners()))
                        .build());
    }

    CompletableFuture<RaftClientReply> setConfiguration(int at, Arguments arguments) throws IOException {
        GroupServer server = running[at];
        return server.server()
                .setConfigurationAsync(new SetConfigurationRequest(
                        server.client(), server.server().getId(), group, CallId.getAndIncrement(), arguments));
    }

    /** Changes the members, and waits until the change is committed. */
    void changed(int at, Membership from, Membership to) throws Exception {
        RaftClientReply reply = GroupServer.answered(change(at, from, to));
        if (!reply.isSuccess()) {
            throw reply.getException();
        }
    }

    CompletableFuture<RaftClientReply> transfer(int from, int to) throws IOException {
        GroupServer server = running[from];
        return server.server()
                .transferLeadershipAsync(new TransferLeadershipRequest(
                        server.client(),
                        server.server().getId(),
                        group,
                        CallId.getAndIncrement(),
                        peer(to).getId(),
                        2 * election.toMillis()));
    }

    /** Transfers leadership, whoever has it. Success is judged by who leads, since the reply of a transfer can be wrong. */
    void handOver(int to) throws Exception {
        Eventually.holds("the successor leads", () -> {
            int now = leader();
            if (now != to) {
                transfer(now, to).handle((reply, failure) -> reply).get(SECONDS, TimeUnit.SECONDS);
            }
            return readyLeader() == to;
        });
    }

    /** Has a follower stand for election at once, without asking first who would vote for it. */
    void campaign(int index) throws IOException {
        RaftServer.Division division = division(index);
        running[index]
                .server()
                .startLeaderElection(StartLeaderElectionRequestProto.newBuilder()
                        .setServerRequest(RaftRpcRequestProto.newBuilder()
                                .setRequestorId(division.getInfo().getLeaderId().toByteString())
                                .setReplyId(division.getId().toByteString())
                                .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(group)))
                        .setLeaderLastEntry(division.getRaftLog()
                                .getTermIndex(division.getRaftLog().getNextIndex() - 1)
                                .toProto())
                        .build());
    }

    /** Watches for so long that a condition never ceases to hold. */
    static void always(String what, Duration time, Callable<Boolean> condition) throws Exception {
        long until = System.nanoTime() + time.toNanos();
        while (System.nanoTime() - until < 0) {
            if (!condition.call()) {
                throw new AssertionError("Not any more: " + what);
            }
            Thread.sleep(5);
        }
    }

    /** All of them at once: each waits for threads that look up once in an election time-out. */
    @Override
    public void close() {
        CompletableFuture.allOf(Arrays.stream(running)
                        .filter(server -> server != null)
                        .map(server -> CompletableFuture.runAsync(server::close, work -> new Thread(work).start()))
                        .toArray(CompletableFuture[]::new))
                .join();
    }
}
