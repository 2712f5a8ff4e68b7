package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.checkpoint.CheckpointFetch;
import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.checkpoint.Checkpointed.Restoration;
import dev.lockstep.cluster.consensus.ratis.transport.RaftMessages.Kind;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Standing;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
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
import org.apache.ratis.protocol.exceptions.ServerNotReadyException;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.thirdparty.com.google.protobuf.MessageLite;
import org.apache.ratis.thirdparty.com.google.protobuf.Parser;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries what the Raft servers of the nodes say to each other over the links between the nodes, which clients use too. What
 * may wait (votes, snapshots) is done on loops of its own, a group always on the same. Thread-safe.
 */
final class LinkRpc implements RaftServerRpc, ReplicaTransport {

    private static final Logger LOG = LoggerFactory.getLogger(LinkRpc.class);
    private static final int LOOPS = 3;
    /** Messages of all peers that may be under way; a leader has a few for each group. */
    private static final int MAX_SERVING = 16_384;
    /** So many rounds in the shortest election time-out: heartbeats are due after half of it. */
    private static final int TICKS_AN_ELECTION = 20;

    static final long SOON_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final RpcType type;
    private final RaftServer server;
    private final LinkTransport.Context context;
    private final List<EventLoop> loops;
    private final EventLoop ticking;
    private final AppendQueues lanes;
    private final Campaigns campaigns;
    private final Map<RaftPeerId, PeerChannel> peers = new ConcurrentHashMap<>();
    private final Set<FollowerAppender> appenders = ConcurrentHashMap.newKeySet();
    private final AtomicInteger serving = new AtomicInteger();
    private final AtomicBoolean soon = new AtomicBoolean();

    LinkRpc(RpcType type, RaftServer server, LinkTransport.Context context) {
        this.type = type;
        this.server = server;
        this.context = context;
        this.loops = IntStream.range(0, LOOPS)
                .mapToObj(i -> EventLoop.threaded("raft-waits-" + i))
                .toList();
        this.ticking = EventLoop.threaded("raft-heartbeats");
        this.lanes = new AppendQueues(server, context.contacts(), loops);
        this.campaigns = new Campaigns(server, context, this);
    }

    @Override
    public void start() {
        ticking.execute(this::tick);
    }

    private void tick() {
        try {
            tickAll();
        } finally { // or nobody would be sent a heartbeat any more
            ticking.schedule(context.electionTimeout().toNanos() / TICKS_AN_ELECTION, this::tick);
        }
    }

    private void tickAll() {
        appenders.removeIf(appender -> !appender.tick());
        peers.values().forEach(PeerChannel::tick);
        campaigns.tick();
    }

    /** Has all appenders driven in {@link #SOON_NANOS}, once for all that ask until then. */
    void tickSoon() {
        if (soon.compareAndSet(false, true)) {
            ticking.schedule(SOON_NANOS, () -> {
                soon.set(false);
                tickAll();
            });
        }
    }

    @Override
    public void close() {
        ticking.close();
        loops.forEach(EventLoop::close);
    }

    // What this node says

    Time time() {
        return context.time();
    }

    /** How long an append may be without an answer, which is also when a vote is no longer waited for. */
    long patienceNanos() {
        return 3 * context.electionTimeout().toNanos();
    }

    /** Where what may wait for a group is done. */
    EventLoop loop(RaftGroupId group) {
        return lanes.loop(group);
    }

    /** Drives an appender regularly until it has stopped. */
    void drive(FollowerAppender appender) {
        appenders.add(appender);
    }

    @Override
    public @Nullable RaftPeerId furthestFollower(RaftGroupId group, RaftPeerId but) {
        return appenders.stream()
                .filter(appender -> appender.isRunning()
                        && appender.getServer().getMemberId().getGroupId().equals(group)
                        && !appender.getFollowerId().equals(but))
                .map(LogAppender::getFollower)
                .max(Comparator.comparingLong(FollowerInfo::getMatchIndex))
                .map(FollowerInfo::getId)
                .orElse(null);
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
            peers.computeIfAbsent(
                    peer.getId(),
                    id -> new PeerChannel(context.links(), member, context.time(), () -> campaigns.refusedBy(id)));
        }
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
        ElectionGate gate = context.gates().apply(group(request.getServerRequest()));
        if (gate == null || !gate.mayCampaign()) {
            throw new IOException("This replica has forgotten what it said, and can't be elected yet");
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
            long least) {
        return new CheckpointFetch(
                        folder,
                        restorations,
                        (wanted, answer) -> askForPiece(peer, group, wanted, answer),
                        loop(group),
                        context.time(),
                        patienceNanos(),
                        least)
                .begin();
    }

    private void askForPiece(
            RaftPeerId peer, RaftGroupId group, Wanted wanted, Consumer<@Nullable CheckpointPiece> answer) {
        peer(peer).send(RaftMessages.wanted(group, wanted), (bytes, failure) -> {
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
    public void askForStanding(RaftPeerId peer, RaftGroupId group, Standing own, Consumer<@Nullable Standing> answer) {
        peer(peer).send(RaftMessages.standing(group, server.getId(), own), (bytes, failure) -> {
            Standing standing = null;
            try {
                if (bytes != null) {
                    WireReader in = new WireReader(bytes.array());
                    standing = Standing.read(in);
                    in.end();
                }
            } catch (MalformedFrameException malformed) {
                LOG.warn("Peer {} answered with no standing", peer, malformed);
            }
            answer.accept(standing);
        });
    }

    /** Links mend themselves. */
    @Override
    public void handleException(RaftPeerId peer, Exception failure, boolean reconnect) {}

    // What other nodes say

    @Override
    public void serve(Bytes message, Consumer<Reply> answer) {
        if (serving.incrementAndGet() > MAX_SERVING) {
            serving.decrementAndGet();
            answer.accept(Reply.Refused.of(Status.BUSY, MAX_SERVING + " messages are under way"));
            return;
        }
        Consumer<Reply> counted = reply -> {
            serving.decrementAndGet();
            answer.accept(reply);
        };
        try {
            switch (RaftMessages.kind(message)) {
                case APPENDS -> append(RaftMessages.appends(message), counted);
                case VOTE -> {
                    var request = RaftMessages.one(message, RequestVoteRequestProto.parser());
                    later(request.getServerRequest(), () -> vote(request), counted);
                }
                case SNAPSHOT -> {
                    var request = RaftMessages.one(message, InstallSnapshotRequestProto.parser());
                    later(request.getServerRequest(), () -> installSnapshotHere(request), counted);
                }
                case ELECTION -> {
                    var request = RaftMessages.one(message, StartLeaderElectionRequestProto.parser());
                    later(request.getServerRequest(), () -> startElectionHere(request), counted);
                }
                case CHECKPOINT -> {
                    WireReader in = new WireReader(message.array());
                    in.u8();
                    RaftGroupId group = RaftMessages.group(in);
                    Wanted wanted = Wanted.read(in);
                    in.end();
                    loop(group).execute(() -> counted.accept(piece(group, wanted)));
                }
                case STANDING -> {
                    WireReader in = new WireReader(message.array());
                    in.u8();
                    RaftGroupId group = RaftMessages.group(in);
                    RaftPeerId from = RaftPeerId.valueOf(in.string());
                    Standing asking = Standing.read(in);
                    in.end();
                    counted.accept(standing(group, from, asking));
                }
            }
        } catch (IOException | RuntimeException malformed) { // Ratis has its own ways of saying so
            counted.accept(Reply.Refused.of(Status.INVALID, String.valueOf(malformed.getMessage())));
        }
    }

    /**
     * Not before the replica has started, nor while it takes over a checkpoint. Ratis (3.3.0) checks the first for everything but this:
     * it would make the replica a follower, and then, in the middle of starting, find that it is one already, and give it up.
     *
     * <p>While one leader has a checkpoint fetched, the next may say that an earlier one would do. An assertion of Ratis would fail
     * then for as long as that leader's log begins there, so Ratis is told the later of both.
     */
    private InstallSnapshotReplyProto installSnapshotHere(InstallSnapshotRequestProto request) throws IOException {
        RaftGroupId group = group(request.getServerRequest());
        RaftServer.Division division = server.getDivision(group);
        LifeCycle.State state = division.getInfo().getLifeCycleState();
        if (state != LifeCycle.State.RUNNING || !isOpen(group)) {
            throw new ServerNotReadyException("The replica of " + group + " is " + state);
        }
        if (division.getStateMachine().getLifeCycleState() == LifeCycle.State.PAUSED) {
            throw new ServerNotReadyException("The replica of " + group + " is about to go on from a checkpoint");
        }
        TermIndex wanted = context.checkpoints().pendingInstall(group);
        if (wanted != null
                && request.getNotification().getFirstAvailableTermIndex().getIndex() < wanted.getIndex()) {
            return server.installSnapshot(notification(request.getServerRequest(), request.getLeaderTerm(), wanted));
        }
        return server.installSnapshot(request);
    }

    private static InstallSnapshotRequestProto notification(
            RaftRpcRequestProto header, long leaderTerm, TermIndex firstAvailable) {
        return InstallSnapshotRequestProto.newBuilder()
                .setServerRequest(header)
                .setLeaderTerm(leaderTerm)
                .setNotification(InstallSnapshotRequestProto.NotificationProto.newBuilder()
                        .setFirstAvailableTermIndex(firstAvailable.toProto()))
                .build();
    }

    /**
     * Until a checkpoint that was fetched is installed, Ratis takes no entries, and it installs one only when a leader asks for that.
     * One that was elected meanwhile, and has all the entries that are wanted here, never would.
     */
    private void refused(AppendEntriesRequestProto append) {
        RaftRpcRequestProto header = append.getServerRequest();
        RaftGroupId group = group(header);
        loop(group).execute(() -> {
            try {
                TermIndex wanted = isOpen(group) ? context.checkpoints().pendingInstall(group) : null;
                if (wanted != null) {
                    lanes.answer(
                            group, () -> installSnapshotHere(notification(header, append.getLeaderTerm(), wanted)));
                }
            } catch (IOException | RuntimeException notNow) {
                LOG.debug("A fetched checkpoint of {} was not installed", group, notNow);
            }
        });
    }

    /** Has a replica of this node stand for election; on the group's loop. */
    void startElection(StartLeaderElectionRequestProto request) throws IOException {
        lanes.answer(group(request.getServerRequest()), () -> startElectionHere(request));
    }

    private StartLeaderElectionReplyProto startElectionHere(StartLeaderElectionRequestProto request)
            throws IOException {
        ElectionGate gate = context.gates().apply(group(request.getServerRequest()));
        if (gate == null || !gate.mayCampaign()) {
            throw new ServerNotReadyException("This replica has forgotten what it said, and can't be elected yet");
        }
        return server.startLeaderElection(request);
    }

    private Reply standing(RaftGroupId group, RaftPeerId from, Standing asking) {
        ElectionGate gate = context.gates().apply(group);
        Standing own = gate == null ? null : gate.answerRejoin(from, asking);
        if (own == null) {
            return Reply.Refused.of(Status.BUSY, "There is no replica of " + group + " that could answer");
        }
        WireWriter out = new WireWriter(16);
        own.write(out);
        return new Reply.FromLog(Bytes.of(out.toByteArray()));
    }

    private Reply piece(RaftGroupId group, Wanted wanted) {
        try {
            CheckpointPiece piece = context.checkpoints().piece(group, wanted);
            return piece == null
                    ? Reply.Refused.of(Status.BUSY, "There is no checkpoint of " + group)
                    : new Reply.FromLog(piece.encode());
        } catch (IOException | RuntimeException failure) {
            return Reply.Refused.of(Status.INTERNAL, "A checkpoint could not be read: " + failure.getMessage());
        }
    }

    private RequestVoteReplyProto vote(RequestVoteRequestProto request) throws IOException {
        ElectionGate gate = context.gates().apply(group(request.getServerRequest()));
        if (gate == null || !gate.mayVote()) {
            throw new ServerNotReadyException("This replica has forgotten what it said, and can't vote yet");
        }
        RequestVoteReplyProto reply = server.requestVote(request);
        if (!reply.getServerReply().getSuccess() && campaigns.grants(request, reply)) {
            reply = reply.toBuilder()
                    .setServerReply(reply.getServerReply().toBuilder().setSuccess(true))
                    .build();
        }
        gate.syncVote();
        // Ratis does not count votes of those whose log is empty, which it tells by this. Who may vote but not stand
        // does so because an operator wants it to.
        return gate.mayCampaign() ? reply : reply.toBuilder().clearLastEntry().build();
    }

    private boolean isOpen(RaftGroupId group) {
        ElectionGate gate = context.gates().apply(group);
        return gate != null && gate.isOpen();
    }

    private static RaftGroupId group(RaftRpcRequestProto header) {
        return ProtoUtils.toRaftGroupId(header.getRaftGroupId());
    }

    private CompletableFuture<@Nullable AppendEntriesReplyProto> appendHere(AppendEntriesRequestProto request) {
        return isOpen(group(request.getServerRequest()))
                ? lanes.append(request)
                : CompletableFuture.completedFuture(null);
    }

    private void append(List<AppendEntriesRequestProto> requests, Consumer<Reply> answer) {
        List<CompletableFuture<@Nullable AppendEntriesReplyProto>> replies =
                requests.stream().map(this::appendHere).toList();
        CompletableFuture.allOf(replies.toArray(CompletableFuture[]::new)).whenComplete((all, failure) -> {
            List<@Nullable AppendEntriesReplyProto> answers =
                    replies.stream().map(CompletableFuture::join).toList();
            answer.accept(new Reply.FromLog(RaftMessages.answers(answers)));
            for (int i = 0; i < answers.size(); i++) {
                AppendEntriesReplyProto reply = answers.get(i);
                if (reply != null && reply.getResult() == AppendResult.INCONSISTENCY) {
                    refused(requests.get(i));
                }
            }
        });
    }

    private void later(
            RaftRpcRequestProto header, AppendQueues.Answering<MessageLite> answering, Consumer<Reply> answer) {
        RaftGroupId group = group(header);
        loop(group).execute(() -> {
            try {
                answer.accept(new Reply.FromLog(RaftMessages.answer(lanes.answer(group, answering))));
            } catch (IOException | RuntimeException failure) {
                LOG.debug(
                        "A message of {} was not answered",
                        header.getRequestorId().toStringUtf8(),
                        failure);
                answer.accept(Reply.Refused.of(Status.INTERNAL, "Raft could not answer: " + failure.getMessage()));
            }
        });
    }

    // What Ratis asks besides

    @Override
    public RpcType getRpcType() {
        return type;
    }

    /** Never bound: the node listens. Ratis only puts it beside this server's own name. */
    @Override
    public InetSocketAddress getInetSocketAddress() {
        return InetSocketAddress.createUnresolved("localhost", 0);
    }
}
