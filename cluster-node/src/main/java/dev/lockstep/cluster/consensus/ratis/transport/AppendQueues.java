package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.consensus.ratis.graft.AnsweringExecutor;
import dev.lockstep.protocol.runtime.EventLoop;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.RaftServerAsynchronousProtocol;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;

/**
 * Hands messages to the replicas that they are for, appends in the order in which they come. An append from the leader
 * that a follower knows, at the end of its log, is done by the thread that read it: it waits for nothing, since a slow
 * log is written elsewhere. One that changes the leader may wait for the end of an election and for the disk, one that
 * replaces entries for the disk, and a replica may still be read from the disk, so that is done elsewhere, and what
 * comes after it for the same group follows it there. Thread-safe.
 *
 * <p>A group's messages are done one at a time. Ratis looks at an append's term before it writes the entries, and lets go of
 * its lock in between: a vote there would be given without regard for entries that are acknowledged all the same.
 */
final class AppendQueues {

    private final RaftServer server;
    private final LeaderContacts contacts;
    private final Predicate<RaftPeerId> members;
    private final List<EventLoop> loops;
    private final Map<RaftGroupId, Lane> lanes = new ConcurrentHashMap<>();

    /** A group that this server has, or had. */
    private static final class Lane {

        private final ReentrantLock oneAtATime = new ReentrantLock();
        private final AtomicInteger elsewhere = new AtomicInteger();
        private volatile RaftServer.@Nullable Division division;
    }

    /** A call of Ratis that may block. */
    interface Answering<R> {
        R answer() throws IOException;
    }

    /**
     * @param members tells which nodes are members of the cluster
     * @param loops where what may wait is done; a group always on the same
     */
    AppendQueues(RaftServer server, LeaderContacts contacts, Predicate<RaftPeerId> members, List<EventLoop> loops) {
        this.server = server;
        this.contacts = contacts;
        this.members = members;
        this.loops = loops;
    }

    /** The event loop for blocking work of a group. */
    EventLoop loop(RaftGroupId group) {
        return loopOf(loops, group);
    }

    /** The one of some loops that does the work of a group. */
    static EventLoop loopOf(List<EventLoop> loops, RaftGroupId group) {
        return loops.get(Math.floorMod(group.hashCode(), loops.size()));
    }

    /** Completes with null when the group can't answer. Appends of one group must come from one thread at a time. */
    CompletableFuture<@Nullable AppendEntriesReplyProto> append(AppendEntriesRequestProto request) {
        RaftGroupId group = ProtoUtils.toRaftGroupId(request.getServerRequest().getRaftGroupId());
        Lane lane = lane(group);
        if (lane == null) {
            return CompletableFuture.completedFuture(null);
        }
        if (lane.elsewhere.get() == 0 && continuesLog(lane, request) && lane.oneAtATime.tryLock()) {
            try {
                return done(lane, group, request);
            } finally {
                lane.oneAtATime.unlock();
            }
        }
        CompletableFuture<@Nullable AppendEntriesReplyProto> reply = new CompletableFuture<>();
        lane.elsewhere.incrementAndGet();
        loop(group).execute(() -> {
            try {
                RaftServer.Division division = lookUp(lane, group);
                if (isFromMember(division, request)) {
                    alone(lane, () -> done(lane, group, request)).whenComplete((done, failure) -> reply.complete(done));
                } else {
                    reply.complete(null);
                }
            } catch (IOException | RuntimeException notHere) {
                reply.complete(null);
            } finally {
                lane.elsewhere.decrementAndGet();
            }
        });
        return reply;
    }

    /** Makes a call that may block, after what is queued for the group; on the group's loop. */
    <R> R answer(RaftGroupId group, Answering<R> answering) throws IOException {
        Lane lane = lane(group);
        return lane == null ? answering.answer() : alone(lane, answering);
    }

    /** Lets go of closed replicas, each of which holds a log and a state machine; called regularly. */
    void forgetClosed() {
        for (Lane lane : lanes.values()) {
            RaftServer.Division division = lane.division;
            if (division != null && !division.getInfo().isAlive()) {
                lane.division = null; // one that was opened meanwhile is looked up again
            }
        }
    }

    /** Null for a group that this server does not have: a peer can name any number of those. */
    private @Nullable Lane lane(RaftGroupId group) {
        Lane lane = lanes.get(group);
        if (lane != null) {
            return lane;
        }
        for (RaftGroupId known : server.getGroupIds()) {
            if (known.equals(group)) {
                return lanes.computeIfAbsent(group, none -> new Lane());
            }
        }
        return null;
    }

    private static <R> R alone(Lane lane, Answering<R> answering) throws IOException {
        lane.oneAtATime.lock();
        try {
            return answering.answer();
        } finally {
            lane.oneAtATime.unlock();
        }
    }

    /** Waits while the replica is being read from the disk. */
    private RaftServer.Division lookUp(Lane lane, RaftGroupId group) throws IOException {
        RaftServer.Division division = lane.division;
        if (division == null || !division.getInfo().isAlive()) {
            division = server.getDivision(group);
            lane.division = division;
        }
        return division;
    }

    /**
     * Ratis itself follows any peer that names a term that is high enough. All that a replica knows as members of its group may have been
     * replaced while it was away; then its leader is at least a member of the cluster.
     */
    private boolean isFromMember(RaftServer.Division division, AppendEntriesRequestProto request) {
        RaftPeerId from = RaftPeerId.valueOf(request.getServerRequest().getRequestorId());
        return division.getRaftConf().getPeer(from) != null || members.test(from);
    }

    /** Tells whether it comes from the known leader, and takes nothing from the log. */
    private static boolean continuesLog(Lane lane, AppendEntriesRequestProto request) {
        RaftServer.Division division = lane.division;
        if (division == null) {
            return false;
        }
        DivisionInfo info = division.getInfo();
        RaftPeerId leader = info.getLeaderId();
        return info.isAlive()
                && info.isFollower()
                && info.getCurrentTerm() == request.getLeaderTerm()
                && leader != null
                && leader.toByteString().equals(request.getServerRequest().getRequestorId())
                && (request.getEntriesCount() == 0
                        || request.getEntries(0).getIndex()
                                >= division.getRaftLog().getNextIndex());
    }

    private CompletableFuture<@Nullable AppendEntriesReplyProto> done(
            Lane lane, RaftGroupId group, AppendEntriesRequestProto request) {
        long arrived = contacts.now();
        try {
            return AnsweringExecutor.answeringHere(() -> ((RaftServerAsynchronousProtocol) server)
                            .appendEntriesAsync(CommitIndexWorkaround.of(request)))
                    .handle((reply, failure) -> {
                        if (reply != null && reply.getResult() != AppendResult.NOT_LEADER) {
                            contacts.of(group).at(arrived, request.getLeaderCommit());
                        }
                        return reply == null || isOnlyInMemory(lane, reply) ? null : reply;
                    });
        } catch (IOException | RuntimeException failure) {
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Ratis waits for the disk only with entries that it did not have: not with those that an earlier append has brought. */
    private static boolean isOnlyInMemory(Lane lane, AppendEntriesReplyProto reply) {
        RaftServer.Division division = lane.division;
        return reply.getResult() == AppendResult.SUCCESS
                && division != null
                && reply.getMatchIndex() > division.getRaftLog().getFlushIndex();
    }
}
