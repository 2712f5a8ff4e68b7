package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts elections for the replicas of this node soon after the process of their leader has ended, which its machine tells by refusing
 * connections, instead of when the election time-out has passed. And when they have heard nothing of it for the longest election time-out: Ratis
 * looks only when one has passed, and so may need two.
 *
 * <p>A leader that lives is not deposed by that: a candidate asks for pre-votes first, and a replica that has heard the leader lately gives one only if
 * connections to it are refused here too, so a majority must find that no process listens there. A connection that is
 * merely lost says nothing. Votes themselves are Raft's. Used on the loops of the groups, each group on its own; what
 * the groups share is concurrent.
 */
final class Campaigns {

    private static final Logger LOG = LoggerFactory.getLogger(Campaigns.class);
    /** Randomises campaigns, so that two candidates seldom split the votes. */
    private static final int SPREAD_MILLIS = 150;
    /** Others may notice a little later. */
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** Time for which a replica that granted a pre-vote does not campaign itself, and one that has asked for some does not ask again. */
    private static final long YIELD_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final RaftServer server;
    private final LinkTransport.Context context;
    private final LinkServerRpc rpc;
    private final Set<RaftGroupId> planned = ConcurrentHashMap.newKeySet();
    private final Map<RaftGroupId, Long> askedNanos = new ConcurrentHashMap<>();
    /** The times when silent groups were last looked at: a replica that leads hears of no leader either. */
    private final Map<RaftGroupId, Long> lookedNanos = new ConcurrentHashMap<>();

    private final Map<RaftGroupId, Long> yieldedNanos = new ConcurrentHashMap<>();

    Campaigns(RaftServer server, LinkTransport.Context context, LinkServerRpc rpc) {
        this.server = server;
        this.context = context;
        this.rpc = rpc;
    }

    /** A connection to a peer was refused. On any thread; returns at once. */
    void refusedBy(RaftPeerId peer) {
        for (RaftGroupId group : server.getGroupIds()) {
            rpc.loop(group).execute(() -> plan(group, peer));
        }
    }

    /** Plans to ask for pre-votes in groups whose leader has been silent for long; called regularly. */
    void tick() {
        for (RaftGroupId group : context.contacts().silentFor(longestNanos())) {
            if (!isWithin(lookedNanos.get(group)) && !isWithin(askedNanos.get(group))) {
                lookedNanos.put(group, context.time().nanos());
                rpc.loop(group).execute(() -> {
                    RaftServer.Division division = follower(group);
                    RaftPeerId leader =
                            division == null ? null : division.getInfo().getLeaderId();
                    if (leader != null) {
                        plan(group, leader);
                    }
                });
            }
        }
    }

    private long longestNanos() {
        return 2 * context.electionTimeout().toNanos();
    }

    private void plan(RaftGroupId group, RaftPeerId leader) {
        RaftServer.Division division = followerOf(group, leader);
        if (division != null && planned.add(group)) {
            long term = division.getInfo().getCurrentTerm();
            long delay = TimeUnit.MILLISECONDS.toNanos(context.entropy().nextInt(SPREAD_MILLIS));
            rpc.loop(group).schedule(delay, () -> {
                planned.remove(group);
                askForPreVotes(group, leader, term);
            });
        }
    }

    private void askForPreVotes(RaftGroupId group, RaftPeerId leader, long term) {
        RaftServer.Division division = followerOf(group, leader);
        ElectionGate gate = context.gates().apply(group);
        if (division == null
                || division.getInfo().getCurrentTerm() != term
                || !isGone(group, leader)
                || gate == null
                || !gate.mayCampaign()
                || isWithin(yieldedNanos.get(group))) {
            return;
        }
        TermIndex last = division.getRaftLog().getLastEntryTermIndex();
        if (last == null || last.getTerm() != term) {
            return; // another has what the leader of this term has written
        }
        askedNanos.put(group, context.time().nanos());
        Set<NodeId> granted = new HashSet<>(Set.of(new NodeId(server.getId().toString())));
        for (NodeId voter : RatisNames.allVoters(division.getRaftConf())) {
            RaftPeerId peer = RatisNames.id(voter);
            if (!peer.equals(server.getId()) && !peer.equals(leader)) {
                RequestVoteRequestProto request = RequestVoteRequestProto.newBuilder()
                        .setServerRequest(header(group, peer))
                        .setCandidateTerm(term)
                        .setCandidateLastEntry(last.toProto())
                        .setPreVote(true)
                        .build();
                rpc.peer(peer)
                        .send(
                                RaftMessages.of(RaftMessages.Kind.VOTE, request),
                                (answer, failure) -> rpc.loop(group).execute(() -> {
                                    if (answer != null && isGranted(answer) && granted.add(voter)) {
                                        standIfMajority(group, leader, last, granted);
                                    }
                                }));
            }
        }
        standIfMajority(group, leader, last, granted);
        rpc.loop(group).schedule(AGAIN_NANOS, () -> {
            if (rpc.peer(leader).isRefused()) {
                plan(group, leader);
            }
        });
    }

    private static boolean isGranted(Bytes answer) {
        try {
            return RaftMessages.one(answer, RequestVoteReplyProto.parser())
                    .getServerReply()
                    .getSuccess();
        } catch (IOException malformed) {
            return false;
        }
    }

    private void standIfMajority(RaftGroupId group, RaftPeerId leader, TermIndex last, Set<NodeId> granted) {
        RaftServer.Division division = followerOf(group, leader);
        if (division == null
                || division.getInfo().getCurrentTerm() != last.getTerm()
                || !RatisNames.isMajority(division.getRaftConf(), granted)) {
            return;
        }
        StartLeaderElectionRequestProto election = StartLeaderElectionRequestProto.newBuilder()
                .setServerRequest(RaftRpcRequestProto.newBuilder(header(group, server.getId()))
                        .setRequestorId(leader.toByteString()))
                .setLeaderLastEntry(last.toProto())
                .build();
        try {
            rpc.startElection(election);
        } catch (IOException | RuntimeException notNow) {
            LOG.debug("{} does not campaign in {}", server.getId(), group, notNow);
        }
    }

    /**
     * Decides whether a replica grants a pre-vote that Ratis refused because it has recently heard from the leader. On
     * the group's loop.
     *
     * @param refusal of Ratis
     */
    boolean grants(RequestVoteRequestProto request, RequestVoteReplyProto refusal) {
        RaftGroupId group = ProtoUtils.toRaftGroupId(request.getServerRequest().getRaftGroupId());
        RaftPeerId candidate = RaftPeerId.valueOf(request.getServerRequest().getRequestorId());
        RaftServer.Division division = follower(group);
        RaftPeerId leader = division == null ? null : division.getInfo().getLeaderId();
        if (!request.getPreVote()
                || division == null
                || leader == null
                || leader.equals(candidate)
                || !rpc.peer(leader).isRefused()
                || request.getCandidateTerm() < division.getInfo().getCurrentTerm()
                || !RatisNames.allVoters(division.getRaftConf()).contains(RatisNames.node(candidate))) {
            return false;
        }
        int ahead =
                TermIndex.valueOf(request.getCandidateLastEntry()).compareTo(TermIndex.valueOf(refusal.getLastEntry()));
        if (ahead < 0 || (ahead == 0 && isAskingBefore(group, candidate))) {
            return false;
        }
        yieldedNanos.put(group, context.time().nanos());
        return true;
    }

    /**
     * Breaks the tie between two candidates with equal logs that ask each other for pre-votes at once. One whose log is
     * longer would refuse this replica, however often it asks.
     */
    private boolean isAskingBefore(RaftGroupId group, RaftPeerId candidate) {
        return isWithin(askedNanos.get(group)) && server.getId().toString().compareTo(candidate.toString()) < 0;
    }

    private boolean isGone(RaftGroupId group, RaftPeerId leader) {
        return rpc.peer(leader).isRefused() || context.contacts().of(group).sinceNanos() > longestNanos();
    }

    private boolean isWithin(@Nullable Long nanos) {
        return nanos != null && context.time().nanos() - nanos < YIELD_NANOS;
    }

    private RaftServer.@Nullable Division followerOf(RaftGroupId group, RaftPeerId leader) {
        RaftServer.Division division = follower(group);
        return division != null && leader.equals(division.getInfo().getLeaderId()) ? division : null;
    }

    /** Null if the replica is no follower, or not open yet: Ratis would have us wait for it. */
    private RaftServer.@Nullable Division follower(RaftGroupId group) {
        try {
            RaftServer.Division division = context.isOpen(group) ? server.getDivision(group) : null;
            return division != null
                            && division.getInfo().isAlive()
                            && division.getInfo().isFollower()
                    ? division
                    : null;
        } catch (IOException gone) {
            return null;
        }
    }

    private RaftRpcRequestProto header(RaftGroupId group, RaftPeerId to) {
        return RaftRpcRequestProto.newBuilder()
                .setRequestorId(server.getId().toByteString())
                .setReplyId(to.toByteString())
                .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(group))
                .build();
    }
}
