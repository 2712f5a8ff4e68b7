package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.protocol.fuzz.Allocation;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.statemachine.StateMachine;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * Messages of another node to the Raft server of this one: a request is answered once, a reply is read or malformed. The server is
 * played, and has the group of sixteen ones.
 */
public final class RaftMessagesFuzz {

    private static final int FIXED_BYTES = 1 << 20;
    /** The worst that memory can be of its bytes: empty entries of a log, two bytes each. */
    private static final int BYTES_A_BYTE = 512;

    private static final int PATIENCE_SECONDS = 8;

    private static final RaftGroupId GROUP =
            RaftGroupId.valueOf(new UUID(0x0101_0101_0101_0101L, 0x0101_0101_0101_0101L));
    private static final StateMachine MACHINE = new BaseStateMachine();
    private static final LinkServerRpc RPC = rpc();

    private RaftMessagesFuzz() {}

    /** The checkpoints of a replica that has one. */
    private static CheckpointSource checkpoints() {
        try {
            RecordingMachine machine = new RecordingMachine();
            Checkpointer checkpointer = new Checkpointer(
                    "a scripted group",
                    new CheckpointFolder(Files.createTempDirectory("lockstep-fuzz"), 0),
                    machine,
                    Runnable::run,
                    DutyCycle.full(),
                    Time.system(),
                    new Checkpointer.Interval(1, Duration.ofDays(1)));
            machine.apply(1, new byte[10]);
            checkpointer.applied(1, 1);
            return new CheckpointSource() {
                @Override
                public @Nullable CheckpointPiece piece(RaftGroupId group, Wanted wanted) throws IOException {
                    return checkpointer.piece(wanted);
                }

                @Override
                public @Nullable PendingInstall pendingInstall(RaftGroupId group) {
                    return null;
                }
            };
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static LinkServerRpc rpc() {
        RaftRpcReplyProto header =
                RaftRpcReplyProto.newBuilder().setSuccess(true).build();
        RaftServer server = ScriptedRatisServer.role(
                RaftServer.class,
                Map.of(
                        "getGroupIds", none -> List.of(GROUP),
                        // It runs, and gives pieces of a checkpoint; its leader is not to be read from it yet.
                        "getDivision",
                                group -> ScriptedRatisServer.role(
                                        RaftServer.Division.class,
                                        Map.of(
                                                "getStateMachine",
                                                none -> MACHINE,
                                                "getInfo",
                                                none -> ScriptedRatisServer.role(
                                                        DivisionInfo.class,
                                                        Map.of(
                                                                "getLifeCycleState",
                                                                running -> LifeCycle.State.RUNNING)))),
                        "appendEntriesAsync",
                                request -> CompletableFuture.completedFuture(AppendEntriesReplyProto.newBuilder()
                                        .setServerReply(header)
                                        .build()),
                        "requestVote",
                                request -> RequestVoteReplyProto.newBuilder()
                                        .setServerReply(header)
                                        .build(),
                        "installSnapshot",
                                request -> InstallSnapshotReplyProto.newBuilder()
                                        .setServerReply(header)
                                        .build(),
                        "startLeaderElection",
                                request -> StartLeaderElectionReplyProto.newBuilder()
                                        .setServerReply(header)
                                        .build()));
        Links links = ScriptedRatisServer.role(Links.class, Map.of());
        return new LinkServerRpc(
                new LinkTransport(),
                server,
                new LinkTransport.Context(
                        links,
                        new LeaderContacts(Time.system()),
                        Duration.ofSeconds(1),
                        Time.system(),
                        Entropy.system(),
                        group -> new AlwaysGrantingElectionGate(),
                        checkpoints(),
                        ByteRate.unlimited()));
    }

    public static void fuzzerTestOneInput(byte[] input) {
        Bytes message = Bytes.of(input);
        long most = FIXED_BYTES + (long) BYTES_A_BYTE * input.length;
        Reply reply = Allocation.atMost(most, () -> served(message));
        if (!(reply instanceof Reply.FromLog || reply instanceof Reply.Refused)) {
            throw new AssertionError("Answered by " + reply);
        }
        if (input.length > 0) {
            Allocation.atMost(most, () -> read(message));
        }
    }

    /** Serves a request, and returns its only reply. */
    static Reply served(Bytes message) {
        List<Reply> replies = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Reply> first = new CompletableFuture<>();
        RPC.serve(message, reply -> {
            replies.add(reply);
            first.complete(reply);
        });
        try {
            Reply reply = first.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (replies.size() != 1) {
                throw new AssertionError("Answered several times: " + replies);
            }
            return reply;
        } catch (ExecutionException | TimeoutException | InterruptedException unanswered) {
            throw new AssertionError("Not answered", unanswered);
        }
    }

    private static Object read(Bytes message) {
        try {
            return RaftMessages.answers(message, 3);
        } catch (IOException malformed) {
            return malformed;
        }
    }
}
