package dev.lockstep.cluster.consensus.ratis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.junit.jupiter.api.Test;

class CommitIndexWorkaroundTest {

    private static AppendEntriesRequestProto.Builder request(long leaderCommit, int entries) {
        var request = AppendEntriesRequestProto.newBuilder().setLeaderCommit(leaderCommit);
        for (int i = 0; i < entries; i++) {
            request.addEntries(LogEntryProto.newBuilder().setIndex(i));
        }
        return request;
    }

    private static long commit(AppendEntriesRequestProto.Builder request) {
        return CommitIndexWorkaround.of(request.build()).getLeaderCommit();
    }

    @Test
    void aHeartbeatBeforeAnyEntryCommitsNothing() {
        assertThat(commit(request(2, 0))).isEqualTo(-1);
    }

    @Test
    void entriesFromTheBeginningCommitNoMoreThanThemselves() {
        assertThat(commit(request(9, 3))).isEqualTo(2);
        assertThat(commit(request(1, 3))).isEqualTo(1);
    }

    @Test
    void aCommitIndexBehindAComparedEntryIsUnchanged() {
        var request = request(9, 1)
                .setPreviousLog(TermIndexProto.newBuilder().setTerm(1).setIndex(4));
        assertThat(commit(request)).isEqualTo(9);
    }
}
