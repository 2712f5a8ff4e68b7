package dev.lockstep.cluster.consensus.ratis.transport;

import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.server.raftlog.RaftLog;

/**
 * Mends a fault of Ratis 3.3.0: a follower takes a missing previous entry for index 0 when it bounds its commit position by
 * what it has compared with the leader ({@code RaftServerImpl.effectiveCommitIndex}). A heartbeat before any entry, or entries
 * from the very beginning, then let it commit one entry that it never compared and that may be a deposed leader's: it
 * diverges, or rejects all further appends for ever. Stateless.
 */
final class CommitIndexWorkaround {

    private CommitIndexWorkaround() {}

    /** The same request, with a commit position no higher than the entries that it lets the follower compare. */
    static AppendEntriesRequestProto of(AppendEntriesRequestProto request) {
        long compared = RaftLog.INVALID_LOG_INDEX + request.getEntriesCount();
        if (request.hasPreviousLog() || request.getLeaderCommit() <= compared) {
            return request;
        }
        return request.toBuilder().setLeaderCommit(compared).build();
    }
}
