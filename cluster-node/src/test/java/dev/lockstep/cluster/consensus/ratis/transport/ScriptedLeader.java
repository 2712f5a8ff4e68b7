package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.rates.ByteRate;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcReplyProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.DivisionProperties;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.raftlog.RaftLogIOException;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.util.TimeDuration;
import org.jspecify.annotations.Nullable;

/**
 * An appender with everything of Ratis around it played: a log in memory that grows and fails when it is told to, and a
 * follower that takes and answers messages when it is told to. Thread-safe.
 */
final class ScriptedLeader implements AutoCloseable {

    private static final long TERM = 3;
    private static final RaftPeer FOLLOWER =
            RaftPeer.newBuilder().setId("n2").setAddress("127.0.0.1:1").build();

    final ScriptedFollower follower = new ScriptedFollower(FOLLOWER);
    final AtomicLong committed = new AtomicLong(-1);
    /** The failure that the log throws once when its end is asked for; likewise once when the entry below is read. */
    final AtomicReference<@Nullable RuntimeException> closed = new AtomicReference<>();

    final AtomicLong unreadable = new AtomicLong(-1);

    private final AtomicLong size = new AtomicLong();
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicReference<@Nullable String> wrong = new AtomicReference<>();
    private final Queue<Sent> sent = new ConcurrentLinkedQueue<>();
    private final List<Long> received = new ArrayList<>();
    private long toldCommit = -1;
    private final LinkServerRpc rpc;
    private final FollowerAppender appender;

    private record Sent(Bytes message, Link.ReplyHandler handler) {}

    private record Taken(List<AppendEntriesRequestProto> requests, Link.ReplyHandler handler) {}

    ScriptedLeader() {
        this(ByteRate.unlimited());
    }

    /** @param catchUp the rate at which followers that are far behind are sent entries */
    ScriptedLeader(ByteRate catchUp) {
        RaftProperties properties = new RaftProperties();
        RaftServer server = ScriptedRatisServer.role(
                RaftServer.class,
                Map.of(
                        "getId", none -> RaftPeerId.valueOf("leader"),
                        "getProperties", none -> properties,
                        "getServerRpc", none -> rpcOfServer()));
        var wires = new LinkTransport.Context(
                new Hearing(),
                new LeaderContacts(Time.system()),
                Duration.ofSeconds(30),
                Time.system(),
                Entropy.system(),
                group -> new AlwaysGrantingElectionGate(),
                new NoCheckpoints(),
                catchUp);
        rpc = new LinkServerRpc(new LinkTransport(), server, wires);
        rpc.addRaftPeers(List.of(FOLLOWER));
        appender = new FollowerAppender(division(server), new Leading(), follower, rpc);
    }

    private LinkServerRpc rpcOfServer() {
        return rpc;
    }

    private RaftServer.Division division(RaftServer server) {
        RaftLog log = ScriptedRatisServer.role(
                RaftLog.class,
                Map.of(
                        "isOpened", none -> true,
                        "getNextIndex", none -> end(),
                        "getStartIndex", none -> 0L,
                        "getLastCommittedIndex", none -> committed.get(),
                        "getTermIndex", at -> TermIndex.valueOf(TERM, (long) at[0]),
                        "getEntryWithData", at -> read((long) at[0])));
        DivisionInfo info =
                ScriptedRatisServer.role(DivisionInfo.class, Map.of("isAlive", none -> true, "isLeader", none -> true));
        DivisionProperties times =
                ScriptedRatisServer.role(DivisionProperties.class, Map.of("minRpcTimeoutMs", none -> 20_000));
        BaseStateMachine machine = new BaseStateMachine() {
            @Override
            public @Nullable SnapshotInfo getLatestSnapshot() {
                return null;
            }
        };
        RaftGroupMemberId member = RaftGroupMemberId.valueOf(RaftPeerId.valueOf("n1"), RaftGroupId.emptyGroupId());
        ThreadGroup threads = Thread.currentThread().getThreadGroup();
        return ScriptedRatisServer.role(
                RaftServer.Division.class,
                Map.of(
                        "getRaftServer", none -> server,
                        "getRaftLog", none -> log,
                        "getInfo", none -> info,
                        "properties", none -> times,
                        "getStateMachine", none -> machine,
                        "getMemberId", none -> member,
                        "getThreadGroup", none -> threads));
    }

    private long end() {
        RuntimeException failure = closed.getAndSet(null);
        if (failure != null) {
            throw failure;
        }
        return size.get();
    }

    private RaftLog.EntryWithData read(long index) {
        if (unreadable.compareAndSet(index, -1)) {
            throw new IllegalStateException("The disk does not give entry " + index);
        }
        LogEntryProto entry =
                LogEntryProto.newBuilder().setTerm(TERM).setIndex(index).build();
        return new RaftLog.EntryWithData() {
            @Override
            public int getSerializedSize() {
                return entry.getSerializedSize();
            }

            @Override
            public LogEntryProto getEntry(TimeDuration timeout) throws RaftLogIOException {
                return entry;
            }
        };
    }

    // What drives the appender

    /** One more entry in the log; the leader tells its appenders. */
    void append() {
        size.incrementAndGet();
        appender.notifyLogAppender();
    }

    void tick() {
        appender.tick();
    }

    /** The follower takes the next message, and the leader hears that it succeeded. @return false when there was none */
    boolean answer() {
        return answer(request -> reply(request, AppendResult.SUCCESS));
    }

    /** The follower has all of the next message already, as something that is committed. */
    boolean answerThatItIsThere() {
        return answer(request -> reply(request, AppendResult.INCONSISTENCY));
    }

    /** The follower does not take the next message, and asks for the same. */
    boolean refuse() {
        return answer(request -> reply(request, AppendResult.INCONSISTENCY).toBuilder()
                .setFollowerCommit(-1)
                .setNextIndex(request.getEntries(0).getIndex())
                .build());
    }

    /** The follower takes the next message, but its answer gets lost. */
    boolean loseAnswer() {
        Taken next = take();
        if (next != null) {
            next.handler().failed(true, new IOException("lost"));
        }
        return next != null;
    }

    private boolean answer(Function<AppendEntriesRequestProto, AppendEntriesReplyProto> with) {
        Taken next = take();
        if (next != null) {
            List<@Nullable AppendEntriesReplyProto> replies = new ArrayList<>();
            next.requests().forEach(request -> replies.add(with.apply(request)));
            next.handler().reply(new Reply.FromLog(RaftMessages.answers(replies)));
        }
        return next != null;
    }

    private synchronized @Nullable Taken take() {
        Sent next = sent.poll();
        if (next == null) {
            return null;
        }
        try {
            List<AppendEntriesRequestProto> requests = RaftMessages.appends(next.message());
            requests.forEach(request -> request.getEntriesList().forEach(entry -> received.add(entry.getIndex())));
            requests.forEach(request -> toldCommit = request.getLeaderCommit());
            return new Taken(requests, next.handler());
        } catch (IOException malformed) {
            throw new IllegalStateException(malformed);
        }
    }

    private static AppendEntriesReplyProto reply(AppendEntriesRequestProto request, AppendResult result) {
        int entries = request.getEntriesCount();
        long last = entries == 0 ? -1 : request.getEntries(entries - 1).getIndex();
        boolean success = result == AppendResult.SUCCESS;
        return AppendEntriesReplyProto.newBuilder()
                .setServerReply(RaftRpcReplyProto.newBuilder().setSuccess(success))
                .setTerm(TERM)
                .setResult(result)
                .setMatchIndex(success ? last : -1)
                .setFollowerCommit(success ? request.getLeaderCommit() : last)
                .setNextIndex(last + 1)
                .build();
    }

    // What has come of it

    /** The indices of the entries that the follower was given, in that order. */
    synchronized List<Long> received() {
        return List.copyOf(received);
    }

    /** The commit that the last message told the follower of; -1 for none. */
    synchronized long toldCommit() {
        return toldCommit;
    }

    long size() {
        return size.get();
    }

    /** Describes the first thing that the appender must not have done; null if there was none. */
    @Nullable
    String wrong() {
        return wrong.get();
    }

    @Override
    public void close() {
        rpc.close();
    }

    private final class Leading implements LeaderState {

        @Override
        public AppendEntriesRequestProto newAppendEntriesRequestProto(
                FollowerInfo to, List<LogEntryProto> entries, @Nullable TermIndex previous, long callId) {
            if (inside.incrementAndGet() > 1) {
                wrong.set("Two threads work for one appender");
            }
            try {
                return AppendEntriesRequestProto.newBuilder()
                        .setLeaderTerm(TERM)
                        .setLeaderCommit(committed.get())
                        .addAllEntries(entries)
                        .build();
            } finally {
                inside.decrementAndGet();
            }
        }

        @Override
        public void onFollowerSuccessAppendEntries(FollowerInfo of) {
            committed.accumulateAndGet(of.getMatchIndex(), Math::max);
            appender.notifyLogAppender();
        }

        @Override
        public void restart(LogAppender restarted) {
            wrong.set("Nobody restarts it");
        }

        @Override
        public void checkHealth(FollowerInfo of) {}

        @Override
        public boolean onFollowerTerm(FollowerInfo of, long term) {
            return false;
        }

        @Override
        public void onFollowerCommitIndex(FollowerInfo of, long index) {}

        @Override
        public boolean isFollowerBootstrapping(FollowerInfo of) {
            return false;
        }

        @Override
        public void onAppendEntriesReply(LogAppender from, AppendEntriesReplyProto reply) {}
    }

    /** The follower's end of the link. */
    private final class Hearing implements Links {

        @Override
        public Link to(Member member) {
            return new Link() {
                @Override
                public long send(Request request, ReplyHandler handler) {
                    sent.add(new Sent(((Request.ToLog) request).message(), handler));
                    return 0;
                }

                @Override
                public boolean isOpen() {
                    return true;
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void close() {}
    }
}
