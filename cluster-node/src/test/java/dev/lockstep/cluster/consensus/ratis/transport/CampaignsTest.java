package dev.lockstep.cluster.consensus.ratis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.link.ConnectionRefusedException;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.ratis.proto.RaftProtos.RaftRpcReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.util.ProtoUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The replica of n1, a follower of n2 in term 5, whose log ends at position 9; n3 follows too. Ratis and the links are played. */
class CampaignsTest {

    private static final long TERM = 5;
    private static final TermIndex LAST = TermIndex.valueOf(TERM, 9);
    private static final RaftGroupId GROUP = RaftGroupId.randomId();
    private static final List<RaftPeer> ALL = List.of(peer("n1"), peer("n2"), peer("n3"));
    private static final IOException RESET = new IOException("The node closed the connection");
    private static final IOException REFUSED = new ConnectionRefusedException("No process listens", RESET);

    private final AtomicReference<IOException> fromLeader = new AtomicReference<>(RESET);
    private final AtomicReference<RaftPeerId> leader = new AtomicReference<>(RaftPeerId.valueOf("n2"));
    private final AtomicInteger triedLeader = new AtomicInteger();
    private final AtomicInteger preVotes = new AtomicInteger();
    private final AtomicInteger stood = new AtomicInteger();
    private final LeaderContacts contacts = new LeaderContacts(Time.system());
    private final AtomicInteger looks = new AtomicInteger();
    private volatile boolean leadsItself;
    private volatile boolean otherGrants;
    private final LinkServerRpc rpc = rpc();

    private static RaftPeer peer(String id) {
        return RaftPeer.newBuilder().setId(id).setAddress(id + ":1").build();
    }

    private LinkServerRpc rpc() {
        DivisionInfo info = ScriptedRatisServer.role(
                DivisionInfo.class,
                Map.of(
                        "isAlive", none -> true,
                        "isFollower", none -> !leadsItself,
                        "getLeaderId", none -> leader.get(),
                        "getCurrentTerm", none -> TERM));
        RaftConfiguration configuration = ScriptedRatisServer.role(
                RaftConfiguration.class, Map.of("getCurrentPeers", none -> ALL, "getPreviousPeers", none -> List.of()));
        RaftLog log = ScriptedRatisServer.role(RaftLog.class, Map.of("getLastEntryTermIndex", none -> LAST));
        RaftServer.Division division = ScriptedRatisServer.role(
                RaftServer.Division.class,
                Map.of("getInfo", none -> info, "getRaftConf", none -> configuration, "getRaftLog", none -> log));
        RaftServer server = ScriptedRatisServer.role(
                RaftServer.class,
                Map.of(
                        "getId",
                        none -> RaftPeerId.valueOf("n1"),
                        "getGroupIds",
                        none -> List.of(GROUP),
                        "getDivision",
                        group -> {
                            looks.incrementAndGet();
                            return division;
                        },
                        "requestVote",
                        none -> voted(false),
                        "startLeaderElection",
                        none -> {
                            stood.incrementAndGet();
                            return StartLeaderElectionReplyProto.getDefaultInstance();
                        }));
        LinkServerRpc made = new LinkServerRpc(
                new LinkTransport(),
                server,
                new LinkTransport.Context(
                        new Wires(),
                        contacts,
                        Duration.ofMillis(100),
                        Time.system(),
                        Entropy.system(),
                        group -> new AlwaysGrantingElectionGate(),
                        new NoCheckpoints(),
                        ByteRate.unlimited()));
        made.addRaftPeers(ALL.subList(1, 3));
        made.start();
        return made;
    }

    @AfterEach
    void close() {
        rpc.close();
    }

    private static RequestVoteReplyProto voted(boolean granted) {
        return RequestVoteReplyProto.newBuilder()
                .setServerReply(RaftRpcReplyProto.newBuilder()
                        .setRequestorId(RaftPeerId.valueOf("n1").toByteString())
                        .setReplyId(RaftPeerId.valueOf("n3").toByteString())
                        .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(GROUP))
                        .setSuccess(granted))
                .setTerm(TERM)
                .setLastEntry(LAST.toProto())
                .build();
    }

    private final class Wires implements Links {

        @Override
        public Link to(Member member) {
            boolean isLeader = member.id().name().equals("n2");
            AtomicBoolean failed = new AtomicBoolean();
            return new Link() {
                @Override
                public long send(Request request, ReplyHandler handler) {
                    IOException failure = fromLeader.get();
                    if (!isLeader) {
                        handler.reply(answer(((Request.ToLog) request).message()));
                    } else if (failure == null) {
                        handler.reply(new Reply.FromLog(RaftMessages.answers(List.of())));
                    } else {
                        triedLeader.incrementAndGet();
                        failed.set(true);
                        handler.failed(false, failure);
                    }
                    return 0;
                }

                @Override
                public boolean isOpen() {
                    return !failed.get();
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void close() {}
    }

    private Reply answer(Bytes message) {
        try {
            if (RaftMessages.kind(message) != RaftMessages.Kind.VOTE) {
                return new Reply.FromLog(RaftMessages.answers(List.of()));
            }
            var request = RaftMessages.one(message, RequestVoteRequestProto.parser());
            assertThat(request.getPreVote()).isTrue();
            assertThat(request.getCandidateTerm()).isEqualTo(TERM);
            preVotes.incrementAndGet();
            return new Reply.FromLog(RaftMessages.answer(voted(otherGrants)));
        } catch (IOException malformed) {
            throw new AssertionError(malformed);
        }
    }

    @Test
    void aFollowerCampaignsWhenTheLeadersAddressRefusesAnotherFollowerToo() throws Exception {
        otherGrants = true;
        fromLeader.set(REFUSED);
        Eventually.holds("it campaigns", () -> stood.get() > 0);
    }

    @Test
    void aFollowerDoesNotCampaignWhileAnotherHearsTheLeader() throws Exception {
        fromLeader.set(REFUSED);
        Eventually.holds("it has asked again and again", () -> preVotes.get() > 3);
        assertThat(stood).hasValue(0);
    }

    @Test
    void aLostConnectionStartsNoCampaign() throws Exception {
        otherGrants = true;
        Eventually.holds("it connects again and again", () -> triedLeader.get() > 5);
        assertThat(preVotes).hasValue(0);
        assertThat(stood).hasValue(0);
    }

    @Test
    void aFollowerThatHasNotHeardItsLeaderForTheLongestTimeOutCampaigns() throws Exception {
        otherGrants = true;
        contacts.of(GROUP).at(contacts.now(), 0);
        Eventually.holds("it campaigns", () -> stood.get() > 0);
        assertThat(contacts.of(GROUP).sinceNanos())
                .isGreaterThan(Duration.ofMillis(200).toNanos());
    }

    @Test
    void aReplicaThatLeadsAndSoHearsNoLeaderIsLookedAtOnceInAWhile() throws Exception {
        leadsItself = true;
        contacts.of(GROUP).at(contacts.now(), 0);
        Eventually.holds("it is looked at again", () -> looks.get() > 1);
        assertThat(contacts.of(GROUP).sinceNanos())
                .isGreaterThan(Duration.ofMillis(700).toNanos());
        assertThat(preVotes).hasValue(0);
    }

    @Test
    void aFollowerDoesNotCampaignAgainstALeaderThatListensAgain() throws Exception {
        fromLeader.set(REFUSED);
        Eventually.holds("it has asked", () -> preVotes.get() > 0);
        fromLeader.set(null);
        Eventually.holds(
                "it is not refused any more",
                () -> !rpc.peer(RaftPeerId.valueOf("n2")).isRefused());
        otherGrants = true;
        assertThat(asked("n3", true, LAST)).isFalse();
        assertThat(stood).hasValue(0);
    }

    @Test
    void aPreVoteIsGrantedAgainstALeaderWhoseAddressRefusesConnections() throws Exception {
        assertThat(asked("n3", true, LAST)).isFalse();
        fromLeader.set(REFUSED);
        Eventually.holds(
                "no process listens", () -> rpc.peer(RaftPeerId.valueOf("n2")).isRefused());
        assertThat(asked("n3", true, TermIndex.valueOf(TERM, 10))).isTrue();
    }

    @Test
    void aCandidateWithALongerLogGoesFirstThoughThisReplicaAsksToo() throws Exception {
        fromLeader.set(REFUSED);
        Eventually.holds("it has asked", () -> preVotes.get() > 0);
        assertThat(asked("n3", true, TermIndex.valueOf(TERM, 10))).isTrue();
    }

    @Test
    void noVoteIsGivenThatRatisRefuses() throws Exception {
        fromLeader.set(REFUSED);
        Eventually.holds(
                "no process listens", () -> rpc.peer(RaftPeerId.valueOf("n2")).isRefused());
        assertThat(asked("n3", false, LAST)).isFalse();
        assertThat(asked("n3", true, TermIndex.valueOf(TERM, 8)))
                .as("its log is behind")
                .isFalse();
        assertThat(asked("n2", true, LAST)).as("it leads").isFalse();
        assertThat(asked("n4", true, LAST)).as("it is no voter").isFalse();
    }

    private boolean asked(String candidate, boolean preVote, TermIndex last) throws Exception {
        RequestVoteRequestProto request = RequestVoteRequestProto.newBuilder()
                .setServerRequest(RaftRpcRequestProto.newBuilder()
                        .setRequestorId(RaftPeerId.valueOf(candidate).toByteString())
                        .setReplyId(RaftPeerId.valueOf("n1").toByteString())
                        .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(GROUP)))
                .setCandidateTerm(TERM)
                .setCandidateLastEntry(last.toProto())
                .setPreVote(preVote)
                .build();
        CompletableFuture<Reply> reply = new CompletableFuture<>();
        rpc.serve(RaftMessages.of(RaftMessages.Kind.VOTE, request), reply::complete);
        return RaftMessages.one(((Reply.FromLog) reply.get()).message(), RequestVoteReplyProto.parser())
                .getServerReply()
                .getSuccess();
    }
}
