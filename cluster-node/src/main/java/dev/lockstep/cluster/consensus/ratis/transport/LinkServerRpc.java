package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.checkpoint.CheckpointFetch;
import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.checkpoint.Checkpointed.Restoration;
import dev.lockstep.cluster.consensus.ratis.transport.RaftMessages.Kind;
import dev.lockstep.cluster.consensus.ratis.transport.RaftMessages.PieceRequest;
import dev.lockstep.cluster.consensus.ratis.transport.RaftMessages.RejoinRequest;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.EventLoopPool;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.WireReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.thirdparty.com.google.protobuf.MessageLite;
import org.apache.ratis.thirdparty.com.google.protobuf.Parser;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The RPC of a node's Ratis server: sends what Ratis and the replicas of this node have to say to other nodes, over the
 * links that clients use too, and owns the threads of the transport. Messages of other nodes go to the {@link
 * RaftMessageHandler}. Thread-safe.
 */
final class LinkServerRpc implements RaftServerRpc, ReplicaTransport {

    private static final Logger LOG = LoggerFactory.getLogger(LinkServerRpc.class);
    /** Threads for what waits for the disk or for a replica's monitor: some, so that one group does not hold up the others. */
    private static final int WAITING_THREADS = 3;

    /** Threads that fetch checkpoints and restore replicas from them, which takes seconds: elections and appends must not wait for that. */
    private static final int FETCHING_THREADS = 2;

    private static final int LOOPS = 64;

    private final RpcType type;
    private final RaftServer server;
    private final LinkTransport.Context context;
    private final List<EventLoop> loops;
    private final List<EventLoop> fetching;
    private final HeartbeatScheduler heartbeats;
    private final AppendQueues queues;
    private final Campaigns campaigns;
    private final RaftMessageHandler handler;
    private final Map<RaftPeerId, PeerChannel> peers = new ConcurrentHashMap<>();
    /** The members of the cluster, as far as this node has been told. */
    private volatile Set<RaftPeerId> members = Set.of();

    LinkServerRpc(RpcType type, RaftServer server, LinkTransport.Context context) {
        this.type = type;
        this.server = server;
        this.context = context;
        this.loops = loops("raft-waits", WAITING_THREADS);
        this.fetching = loops("raft-fetches", FETCHING_THREADS);
        this.heartbeats = new HeartbeatScheduler(context.electionTimeout(), this::tick);
        this.queues = new AppendQueues(server, context.contacts(), peer -> members.contains(peer), loops);
        this.campaigns = new Campaigns(server, context, this);
        this.handler = new RaftMessageHandler(server, context, queues, campaigns, heartbeats);
    }

    private static List<EventLoop> loops(String name, int threads) {
        EventLoopPool pool = new EventLoopPool(name, threads);
        return Stream.generate(pool::open).limit(LOOPS).toList();
    }

    @Override
    public void start() {
        heartbeats.start();
    }

    private void tick() {
        peers.values().forEach(PeerChannel::tick);
        campaigns.tick();
        queues.forgetClosed();
    }

    @Override
    public void close() {
        heartbeats.close();
        loops.forEach(EventLoop::close);
        fetching.forEach(EventLoop::close);
    }

    /** The rate at which this node sends entries to replicas that are far behind. */
    ByteRate catchUp() {
        return context.catchUp();
    }

    Time time() {
        return context.time();
    }

    /** The time after which an append or vote without an answer is given up. */
    long patienceNanos() {
        return 3 * context.electionTimeout().toNanos();
    }

    /** The event loop for blocking work of a group. */
    EventLoop loop(RaftGroupId group) {
        return queues.loop(group);
    }

    HeartbeatScheduler heartbeats() {
        return heartbeats;
    }

    @Override
    public @Nullable RaftPeerId furthestFollower(RaftGroupId group, RaftPeerId but) {
        return heartbeats.furthestFollower(group, but);
    }

    /**
     * Asks for an election as Ratis does when it transfers leadership, but without its server's monitor: the thread that holds that may be
     * waiting for the disk.
     */
    @Override
    public @Nullable RaftPeerId electAnother(RaftServer.Division leader, @Nullable RaftPeerId tried) {
        FollowerInfo successor = heartbeats.successor(leader, tried);
        if (successor == null) {
            return null;
        }
        StartLeaderElectionRequestProto election = StartLeaderElectionRequestProto.newBuilder()
                .setServerRequest(RaftRpcRequestProto.newBuilder()
                        .setRequestorId(server.getId().toByteString())
                        .setReplyId(successor.getId().toByteString())
                        .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(
                                leader.getMemberId().getGroupId())))
                .setLeaderLastEntry(TermIndex.valueOf(leader.getInfo().getCurrentTerm(), successor.getMatchIndex())
                        .toProto())
                .build();
        peer(successor.getId())
                .send(
                        RaftMessages.of(Kind.ELECTION, election),
                        (answer, failure) -> LOG.debug("{} was asked to stand for election", successor, failure));
        return successor.getId();
    }

    @Override
    public void addRaftPeers(Collection<RaftPeer> added) {
        for (RaftPeer peer : added) {
            String address = peer.getAddress();
            int colon = address.lastIndexOf(':');
            Member member = new Member(
                    new NodeId(peer.getId().toString()),
                    address.substring(0, colon),
                    Integer.parseInt(address.substring(colon + 1)));
            open(member);
        }
    }

    @Override
    public void members(List<Member> now) {
        context.catchUp().shareAmong(now.size());
        members = now.stream().map(member -> RatisNames.id(member.id())).collect(Collectors.toSet());
        for (Member member : now) {
            PeerChannel channel = open(member);
            if (channel != null) {
                channel.moveTo(member);
            }
        }
    }

    /** The channel to a peer, opened to this address if there is none; null to this node itself. */
    private @Nullable PeerChannel open(Member member) {
        RaftPeerId peer = RatisNames.id(member.id());
        return peer.equals(server.getId())
                ? null
                : peers.computeIfAbsent(
                        peer,
                        id -> new PeerChannel(context.links(), member, context.time(), () -> campaigns.refusedBy(id)));
    }

    /** @throws IllegalStateException when Ratis has never named that peer */
    PeerChannel peer(RaftPeerId id) {
        PeerChannel peer = peers.get(id);
        if (peer == null) {
            throw new IllegalStateException("No address of peer " + id + " is known");
        }
        return peer;
    }

    /** A candidate has voted for itself before it asks others. */
    @Override
    public RequestVoteReplyProto requestVote(RequestVoteRequestProto request) throws IOException {
        ElectionGate gate = context.gates()
                .apply(ProtoUtils.toRaftGroupId(request.getServerRequest().getRaftGroupId()));
        if (gate == null || !gate.mayCampaign()) {
            throw new IOException("This replica is recovering and must not campaign yet");
        }
        gate.syncVote();
        return call(Kind.VOTE, request.getServerRequest(), request, RequestVoteReplyProto.parser());
    }

    @Override
    public AppendEntriesReplyProto appendEntries(AppendEntriesRequestProto request) throws IOException {
        return call(Kind.APPENDS, request.getServerRequest(), request, AppendEntriesReplyProto.parser());
    }

    @Override
    public InstallSnapshotReplyProto installSnapshot(InstallSnapshotRequestProto request) throws IOException {
        return call(Kind.SNAPSHOT, request.getServerRequest(), request, InstallSnapshotReplyProto.parser());
    }

    @Override
    public StartLeaderElectionReplyProto startLeaderElection(StartLeaderElectionRequestProto request)
            throws IOException {
        return call(Kind.ELECTION, request.getServerRequest(), request, StartLeaderElectionReplyProto.parser());
    }

    private <R extends MessageLite> R call(
            Kind kind, RaftRpcRequestProto header, MessageLite request, Parser<R> replies) throws IOException {
        RaftPeerId to = RaftPeerId.valueOf(header.getReplyId());
        CompletableFuture<Bytes> answer = new CompletableFuture<>();
        peer(to).send(RaftMessages.of(kind, request), (bytes, failure) -> {
            if (failure == null) {
                answer.complete(bytes);
            } else {
                answer.completeExceptionally(failure);
            }
        });
        try {
            return RaftMessages.one(answer.get(patienceNanos(), TimeUnit.NANOSECONDS), replies);
        } catch (ExecutionException failure) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            throw new IOException("Peer " + to + " did not answer: " + cause.getMessage(), cause);
        } catch (TimeoutException late) {
            throw new IOException("Peer " + to + " has not answered in time", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while waiting for " + to);
        }
    }

    @Override
    public CompletableFuture<Restored> fetch(
            RaftPeerId peer,
            RaftGroupId group,
            CheckpointFolder folder,
            Supplier<Restoration> restorations,
            long least,
            CheckpointFetch.Progress progress) {
        return new CheckpointFetch(
                        folder,
                        restorations,
                        (wanted, answer) -> askForPiece(peer, group, wanted, answer),
                        context.catchUp(),
                        progress,
                        AppendQueues.loopOf(fetching, group),
                        patienceNanos(),
                        least)
                .begin();
    }

    private void askForPiece(
            RaftPeerId peer, RaftGroupId group, Wanted wanted, Consumer<@Nullable CheckpointPiece> answer) {
        peer(peer).send(RaftMessages.of(new PieceRequest(group, wanted)), (bytes, failure) -> {
            CheckpointPiece piece = null;
            try {
                piece = bytes == null ? null : CheckpointPiece.decode(bytes);
            } catch (MalformedFrameException malformed) {
                LOG.warn("Peer {} answered with a malformed piece of a checkpoint", peer, malformed);
            }
            answer.accept(piece);
        });
    }

    @Override
    public void askForRejoinState(
            RaftPeerId peer, RaftGroupId group, RejoinState own, Consumer<@Nullable RejoinState> answer) {
        peer(peer).send(RaftMessages.of(new RejoinRequest(group, server.getId(), own)), (bytes, failure) -> {
            RejoinState rejoinState = null;
            try {
                if (bytes != null) {
                    WireReader in = new WireReader(bytes.array());
                    rejoinState = RejoinState.read(in);
                    in.end();
                }
            } catch (MalformedFrameException malformed) {
                LOG.warn("Peer {} answered with a malformed rejoin state", peer, malformed);
            }
            answer.accept(rejoinState);
        });
    }

    /** Links mend themselves. */
    @Override
    public void handleException(RaftPeerId peer, Exception failure, boolean reconnect) {}

    @Override
    public void serve(Bytes message, Consumer<Reply> answer) {
        handler.serve(message, answer);
    }

    /** Starts an election in which this node's replica is the candidate; on the loop of the group. */
    void startElection(StartLeaderElectionRequestProto request) throws IOException {
        RaftGroupId group = ProtoUtils.toRaftGroupId(request.getServerRequest().getRaftGroupId());
        queues.answer(group, () -> handler.startElection(request));
    }

    @Override
    public RpcType getRpcType() {
        return type;
    }

    /** Returns an address that is never bound: the node listens. Ratis only puts it beside this server's own name. */
    @Override
    public InetSocketAddress getInetSocketAddress() {
        return InetSocketAddress.createUnresolved("localhost", 0);
    }
}
