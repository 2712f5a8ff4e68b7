package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ReplicatedLogContract.Replica;
import dev.lockstep.cluster.consensus.ratis.transport.RaftMessages;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.fuzz.Corpus;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.ProtoUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three nodes, and a connection that says that it is a node's and then talks nonsense. A message that is well formed and claims
 * a later term is no nonsense: nodes believe each other.
 */
class HostileNodeIT {

    private static final int MESSAGES = 6_000;
    private static final int UNDER_WAY = 200;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final Semaphore room = new Semaphore(UNDER_WAY);
    private final AtomicInteger answered = new AtomicInteger();

    @TempDir
    Path home;

    private RatisNodes nodes;

    @BeforeEach
    void start() throws Exception {
        nodes = RatisNodes.three(home);
    }

    @AfterEach
    void stop() {
        nodes.close();
    }

    @Test
    void nonsenseHarmsNoGroup() throws Exception {
        System.out.println("HostileNodeIT: seed " + seed);
        List<String> texts = new ArrayList<>();
        List<byte[]> nonsense = nonsense();
        try (NettyLinks links =
                new NettyLinks("ratis-test", NodeIdentity.untold(new NodeId("n9")), Duration.ofSeconds(2), 1_000)) {
            for (int i = 0; i < MESSAGES; i++) {
                byte[] message = nonsense.get(random.nextInt(nonsense.size()));
                send(links.to(nodes.members().get(i % 3)), random.nextBoolean() ? message : damaged(message));
                if (i % 1_000 == 0) {
                    texts.add("entry " + i);
                    propose(texts.get(texts.size() - 1));
                }
            }
            assertThat(room.tryAcquire(UNDER_WAY, 30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(answered).hasValue(MESSAGES);
        texts.add("at the end");
        propose("at the end");
        for (Replica replica : nodes.replicas()) {
            // What was proposed again may have been applied before.
            Eventually.holds(
                    "it has all",
                    () -> replica.machine().texts().stream().distinct().toList().equals(texts));
        }
    }

    /** Until it is acknowledged: what was damaged may by chance claim a later term, and so cost a leader its office. */
    private void propose(String text) throws Exception {
        Eventually.holds("it is acknowledged", () -> {
            try {
                nodes.leader()
                        .log()
                        .propose(text.getBytes(StandardCharsets.UTF_8))
                        .get(30, TimeUnit.SECONDS);
                return true;
            } catch (ExecutionException deposed) {
                return false;
            }
        });
    }

    private void send(Link link, byte[] message) throws InterruptedException {
        assertThat(room.tryAcquire(30, TimeUnit.SECONDS)).as("it is answered").isTrue();
        link.send(new Request.ToLog(Bytes.of(message)), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                answered.incrementAndGet();
                room.release();
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                room.release();
            }
        });
    }

    /** Returns the inputs that are kept for the fuzzer, and messages to the group that is really there, from a node that is none of its members. */
    private List<byte[]> nonsense() throws IOException {
        List<byte[]> all = new ArrayList<>();
        try (Stream<Path> kept = Files.list(Path.of("..", "cluster-node").resolve(Corpus.folder("raft")))) {
            kept.sorted().forEach(input -> all.add(Corpus.read(input)));
        }
        RaftRpcRequestProto header = RaftRpcRequestProto.newBuilder()
                .setRequestorId(ByteString.copyFromUtf8("n9"))
                .setReplyId(ByteString.copyFromUtf8("n1"))
                .setRaftGroupId(
                        ProtoUtils.toRaftGroupIdProtoBuilder(RatisNames.groupId("ratis-test", RatisNodes.GROUP)))
                .build();
        var entry = LogEntryProto.newBuilder().setTerm(1).setIndex(1_000_000);
        var append =
                AppendEntriesRequestProto.newBuilder().setServerRequest(header).addEntries(entry);
        all.add(RaftMessages.of(RaftMessages.Kind.APPENDS, append.build()).array());
        all.add(RaftMessages.of(
                        RaftMessages.Kind.APPENDS,
                        append.setPreviousLog(
                                        TermIndexProto.newBuilder().setTerm(9).setIndex(999_999))
                                .setLeaderCommit(Long.MAX_VALUE)
                                .build())
                .array());
        all.add(RaftMessages.of(
                        RaftMessages.Kind.VOTE,
                        RequestVoteRequestProto.newBuilder()
                                .setServerRequest(header)
                                .setPreVote(true)
                                .setCandidateTerm(Long.MAX_VALUE)
                                .build())
                .array());
        return all;
    }

    /** Never at a group's name or a term: those of the group that is there are not guessed. */
    private byte[] damaged(byte[] message) {
        byte[] damaged = message.clone();
        if (damaged.length > 0) {
            damaged[random.nextInt(Math.min(6, damaged.length))] = (byte) random.nextInt(256);
        }
        return damaged;
    }
}
