package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.consensus.ratis.transport.RaftMessages.PieceRequest;
import dev.lockstep.cluster.consensus.ratis.transport.RaftMessages.RejoinRequest;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.exceptions.ServerNotReadyException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.impl.CallerAppliedUpdater;
import org.apache.ratis.thirdparty.com.google.protobuf.MessageLite;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the Raft messages of other nodes: appends in the order in which they come, and what may block (votes, snapshots,
 * pieces of checkpoints) on the loop of the group. Refuses votes and elections where a replica's {@link ElectionGate} does.
 * Thread-safe.
 */
final class RaftMessageHandler {

    private static final Logger LOG = LoggerFactory.getLogger(RaftMessageHandler.class);
    /** Messages of all peers that may be served at a time; a leader has a few for each group. */
    private static final int MAX_SERVING = 16_384;

    private final RaftServer server;
    private final LinkTransport.Context context;
    private final AppendQueues queues;
    private final Campaigns campaigns;
    private final HeartbeatScheduler heartbeats;
    private final SnapshotInstallGate snapshots;
    private final AtomicInteger serving = new AtomicInteger();

    RaftMessageHandler(
            RaftServer server,
            LinkTransport.Context context,
            AppendQueues queues,
            Campaigns campaigns,
            HeartbeatScheduler heartbeats) {
        this.server = server;
        this.context = context;
        this.queues = queues;
        this.campaigns = campaigns;
        this.heartbeats = heartbeats;
        this.snapshots = new SnapshotInstallGate(server, context);
    }

    /** See {@link dev.lockstep.cluster.consensus.Consensus#serve}. */
    void serve(Bytes message, Consumer<Reply> answer) {
        if (serving.incrementAndGet() > MAX_SERVING) {
            serving.decrementAndGet();
            answer.accept(Reply.Refused.of(Status.BUSY, MAX_SERVING + " Raft messages are in flight"));
            return;
        }
        Consumer<Reply> counted = reply -> {
            serving.decrementAndGet();
            answer.accept(reply);
        };
        try {
            switch (RaftMessages.kind(message)) {
                case APPENDS -> {
                    List<AppendEntriesRequestProto> appends = RaftMessages.appends(message);
                    CallerAppliedUpdater.applyAfter(() -> append(appends, counted));
                }
                case VOTE -> {
                    var request = RaftMessages.one(message, RequestVoteRequestProto.parser());
                    onLoop(request.getServerRequest(), () -> vote(request), counted);
                }
                case SNAPSHOT -> {
                    var request = RaftMessages.one(message, InstallSnapshotRequestProto.parser());
                    onLoop(request.getServerRequest(), () -> snapshots.install(request), counted);
                }
                case ELECTION -> {
                    var request = RaftMessages.one(message, StartLeaderElectionRequestProto.parser());
                    onLoop(request.getServerRequest(), () -> startElection(request), counted);
                }
                case CHECKPOINT -> {
                    PieceRequest request = RaftMessages.pieceRequest(message);
                    queues.loop(request.group()).execute(() -> counted.accept(piece(request)));
                }
                case REJOIN -> counted.accept(rejoinState(RaftMessages.rejoinRequest(message)));
            }
        } catch (IOException | RuntimeException malformed) { // Ratis has its own ways of saying so
            counted.accept(Reply.Refused.of(Status.INVALID, String.valueOf(malformed.getMessage())));
        }
    }

    private void onLoop(
            RaftRpcRequestProto header, AppendQueues.Answering<MessageLite> answering, Consumer<Reply> answer) {
        RaftGroupId group = group(header);
        queues.loop(group).execute(() -> {
            try {
                answer.accept(new Reply.FromLog(RaftMessages.answer(queues.answer(group, answering))));
            } catch (IOException | RuntimeException failure) {
                LOG.debug("A Raft message of {} failed", header.getRequestorId().toStringUtf8(), failure);
                answer.accept(Reply.Refused.of(Status.INTERNAL, "Raft could not answer: " + failure.getMessage()));
            }
        });
    }

    private static RaftGroupId group(RaftRpcRequestProto header) {
        return ProtoUtils.toRaftGroupId(header.getRaftGroupId());
    }

    // Elections

    private RequestVoteReplyProto vote(RequestVoteRequestProto request) throws IOException {
        ElectionGate gate = context.gates().apply(group(request.getServerRequest()));
        if (gate == null || !gate.mayVote()) {
            throw new ServerNotReadyException("This replica is recovering and must not vote yet");
        }
        RequestVoteReplyProto reply = server.requestVote(request);
        if (!reply.getServerReply().getSuccess() && campaigns.grants(request, reply)) {
            reply = reply.toBuilder()
                    .setServerReply(reply.getServerReply().toBuilder().setSuccess(true))
                    .build();
        }
        gate.syncVote();
        // Ratis does not count votes of those whose log is empty, which it tells by this. A replica that may vote but
        // not
        // campaign does so because an operator wants it to.
        return gate.mayCampaign() ? reply : reply.toBuilder().clearLastEntry().build();
    }

    /** Starts an election in which this node's replica is the candidate; on the loop of the group. */
    StartLeaderElectionReplyProto startElection(StartLeaderElectionRequestProto request) throws IOException {
        ElectionGate gate = context.gates().apply(group(request.getServerRequest()));
        if (gate == null || !gate.mayCampaign()) {
            throw new ServerNotReadyException("This replica is recovering and must not campaign yet");
        }
        return server.startLeaderElection(request);
    }

    // Appends

    private void append(List<AppendEntriesRequestProto> requests, Consumer<Reply> answer) {
        List<CompletableFuture<@Nullable AppendEntriesReplyProto>> replies = new ArrayList<>(requests.size());
        for (AppendEntriesRequestProto request : requests) {
            replies.add(append(request));
        }
        CompletableFuture<?> due = replies.size() == 1
                ? replies.get(0)
                : CompletableFuture.allOf(replies.toArray(CompletableFuture[]::new));
        if (due.isDone()) {
            answer(requests, replies, answer);
            return;
        }
        if (replies.size() > 1) { // one group that waits must not hold up the heartbeats of the others
            heartbeats.schedule(context.electionTimeout().toNanos() / 4, () -> due.complete(null));
        }
        due.whenComplete((all, failure) -> answer(requests, replies, answer));
    }

    private void answer(
            List<AppendEntriesRequestProto> requests,
            List<CompletableFuture<@Nullable AppendEntriesReplyProto>> replies,
            Consumer<Reply> answer) {
        List<@Nullable AppendEntriesReplyProto> answers = new ArrayList<>(replies.size());
        for (CompletableFuture<@Nullable AppendEntriesReplyProto> reply : replies) {
            answers.add(reply.getNow(null));
        }
        answer.accept(new Reply.FromLog(RaftMessages.answers(answers)));
        for (int i = 0; i < answers.size(); i++) {
            AppendEntriesReplyProto each = answers.get(i);
            if (each != null && each.getResult() == AppendResult.INCONSISTENCY) {
                AppendEntriesRequestProto refused = requests.get(i);
                queues.loop(group(refused.getServerRequest())).execute(() -> snapshots.refused(refused, queues));
            }
        }
    }

    private CompletableFuture<@Nullable AppendEntriesReplyProto> append(AppendEntriesRequestProto request) {
        return context.isOpen(group(request.getServerRequest()))
                ? queues.append(request)
                : CompletableFuture.completedFuture(null);
    }

    // Replicas that are behind, or rejoin

    private Reply piece(PieceRequest request) {
        try {
            CheckpointPiece piece = context.checkpoints().piece(request.group(), request.wanted());
            return piece == null
                    ? Reply.Refused.of(Status.BUSY, "There is no checkpoint of " + request.group())
                    : new Reply.FromLog(piece.encode());
        } catch (IOException | RuntimeException failure) {
            return Reply.Refused.of(Status.INTERNAL, "A checkpoint could not be read: " + failure.getMessage());
        }
    }

    private Reply rejoinState(RejoinRequest request) {
        ElectionGate gate = context.gates().apply(request.group());
        RejoinState own = gate == null ? null : gate.answerRejoin(request.from(), request.rejoinState());
        if (own == null) {
            return Reply.Refused.of(
                    Status.BUSY, "No replica of " + request.group() + " here can describe its state at the moment");
        }
        WireWriter out = new WireWriter(16);
        own.write(out);
        return new Reply.FromLog(Bytes.of(out.toByteArray()));
    }
}
