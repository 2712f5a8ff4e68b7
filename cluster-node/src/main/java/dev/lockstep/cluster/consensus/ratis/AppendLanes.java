package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.protocol.runtime.EventLoop;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
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
 * Hands appends to the replicas that they are for, in the order in which they come. An append from the leader that a follower
 * knows is done by the thread that read it: it waits for nothing, since a leader's window is smaller than the queue of a log.
 * One that changes who leads may wait for the end of an election and for the disk, so it is done elsewhere, and what comes
 * after it for the same group follows it there. Thread-safe.
 */
final class AppendLanes {

    private final RaftServer server;
    private final LeaderContacts contacts;
    private final List<EventLoop> loops;
    private final Map<RaftGroupId, AtomicInteger> elsewhere = new ConcurrentHashMap<>();

    /** @param loops where what may wait is done; a group always on the same */
    AppendLanes(RaftServer server, LeaderContacts contacts, List<EventLoop> loops) {
        this.server = server;
        this.contacts = contacts;
        this.loops = loops;
    }

    /** Where what may wait for a group is done. */
    EventLoop loop(RaftGroupId group) {
        return loops.get(Math.floorMod(group.hashCode(), loops.size()));
    }

    /** Completes with null when the group can't answer. Appends of one group must come from one thread at a time. */
    CompletableFuture<@Nullable AppendEntriesReplyProto> append(AppendEntriesRequestProto request) {
        RaftGroupId group = ProtoUtils.toRaftGroupId(request.getServerRequest().getRaftGroupId());
        AtomicInteger waiting = elsewhere.computeIfAbsent(group, none -> new AtomicInteger());
        if (waiting.get() == 0 && isFromKnownLeader(group, request)) {
            return done(group, request);
        }
        CompletableFuture<@Nullable AppendEntriesReplyProto> reply = new CompletableFuture<>();
        waiting.incrementAndGet();
        loop(group).execute(() -> {
            try {
                done(group, request).whenComplete((done, failure) -> reply.complete(done));
            } finally {
                waiting.decrementAndGet();
            }
        });
        return reply;
    }

    private boolean isFromKnownLeader(RaftGroupId group, AppendEntriesRequestProto request) {
        try {
            DivisionInfo info = server.getDivision(group).getInfo();
            RaftPeerId leader = info.getLeaderId();
            return info.isFollower()
                    && info.getCurrentTerm() == request.getLeaderTerm()
                    && leader != null
                    && leader.toByteString().equals(request.getServerRequest().getRequestorId());
        } catch (IOException notHere) {
            return false;
        }
    }

    private CompletableFuture<@Nullable AppendEntriesReplyProto> done(
            RaftGroupId group, AppendEntriesRequestProto request) {
        long arrived = contacts.now();
        try {
            return ((RaftServerAsynchronousProtocol) server)
                    .appendEntriesAsync(SafeCommits.of(request))
                    .handle((reply, failure) -> {
                        if (reply != null && reply.getResult() != AppendResult.NOT_LEADER) {
                            contacts.of(group).at(arrived);
                        }
                        return reply;
                    });
        } catch (IOException | RuntimeException failure) {
            return CompletableFuture.completedFuture(null);
        }
    }
}
