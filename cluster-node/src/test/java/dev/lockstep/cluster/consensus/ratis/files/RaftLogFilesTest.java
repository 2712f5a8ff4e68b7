package dev.lockstep.cluster.consensus.ratis.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles.RecoveryMarker;
import dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity;
import dev.lockstep.cluster.files.UncleanShutdown;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.ratis.protocol.RaftPeerId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RaftLogFilesTest {

    private static final RaftPeerId N1 = RaftPeerId.valueOf("n1");
    private static final List<RaftPeerId> VOTERS = List.of(N1, RaftPeerId.valueOf("n2"));
    private static final RecoveryMarker MARKER =
            new RecoveryMarker(ReplicaIntegrity.CATCHING_UP, 7, true, false, "a disk was replaced");

    @TempDir
    Path logs;

    private RaftLogFiles files;

    @BeforeEach
    void open() {
        files = new RaftLogFiles(logs, "group", "shard-3");
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 1;
        Files.write(file, bytes);
    }

    @Test
    void aNoteIsReadAgainAndOneThatIsDamagedSaysThatAllIsLost() throws Exception {
        assertThat(files.recoveryMarker()).isNull();
        files.write(MARKER);
        assertThat(new RaftLogFiles(logs, "group", "shard-3").recoveryMarker()).isEqualTo(MARKER);
        Path note = logs.resolve("group.recovery");
        for (int at = 0; at < Files.size(note); at++) {
            flip(note, at);
            assertThat(files.recoveryMarker().integrity()).as("byte %d", at).isEqualTo(ReplicaIntegrity.LOST);
            flip(note, at);
        }
        files.deleteRecoveryMarker();
        assertThat(files.recoveryMarker()).isNull();
    }

    @Test
    void aReplicaThatIsDeletedLeavesTheTermUpToWhichItMayHaveVoted() throws Exception {
        files.delete();
        assertThat(files.recoveryMarker()).as("there was none").isNull();
        voted("n2", 6);
        files.delete();
        assertThat(files.exist()).isFalse();
        RecoveryMarker left = files.recoveryMarker();
        assertThat(left.integrity()).isEqualTo(ReplicaIntegrity.CATCHING_UP);
        assertThat(left.floor()).isEqualTo(6);
        assertThat(left.votes()).isFalse();
        voted("", 4); // as a replica that has not caught up
        files.delete();
        assertThat(files.recoveryMarker().floor()).isEqualTo(6);
    }

    @Test
    void aReplicaThatIsDeletedWithoutKnowingItsTermHasToAskForIt() throws Exception {
        voted("n2", 6);
        files.write(new RecoveryMarker(ReplicaIntegrity.TRUNCATED, 0, false, false, "a power cut"));
        files.delete();
        assertThat(files.recoveryMarker().integrity()).isEqualTo(ReplicaIntegrity.LOST);
    }

    @Test
    void aMarkIsReadAgainAndEachDamagedByteNoticed() throws Exception {
        assertThat(files.watermark()).isEqualTo(DurableWatermark.NONE);
        voted("n2", 6);
        files.advanceWatermark(41, 6, "n2");
        files.advanceWatermark(40, 6, "n2"); // of no effect
        assertThat(files.watermark()).isEqualTo(new DurableWatermark(41, 6, "n2"));
        files = new RaftLogFiles(logs, "group", "shard-3");
        assertThat(files.watermark().position()).isEqualTo(41);
        voted("", 7);
        files.advanceWatermark(7, 7, ""); // before a leader has said what is committed
        assertThat(files.watermark()).isEqualTo(new DurableWatermark(41, 7, ""));
        Path mark = logs.resolve("group.watermark");
        for (int at = 0; at < Files.size(mark); at++) {
            flip(mark, at);
            assertThatThrownBy(files::watermark).as("byte %d", at).isInstanceOf(CorruptStateException.class);
            flip(mark, at);
        }
        Files.write(mark, new byte[24]); // what a power cut can leave of a file that was not synced
        assertThat(files.watermark()).isEqualTo(DurableWatermark.NONE);
    }

    private void voted(String votedFor, int term) throws IOException {
        Files.createDirectories(files.current());
        Path vote = files.current().resolve("raft-meta");
        Files.writeString(vote, "votedFor=" + votedFor + "\nterm=" + term + "\n");
    }

    /** Ratis keeps no checksum: n2 differs from n3 by one bit, as 6 does from 4. */
    @Test
    void aVoteIsNotTakenForTheLastIfAnotherWasMarked() throws Exception {
        voted("n2", 6);
        files.advanceWatermark(41, 6, "n2");
        for (String other : List.of("n1 6", " 6", "n2 4", " 5", "n1 -6")) {
            voted(other.split(" ")[0], Integer.parseInt(other.split(" ")[1]));
            assertThatThrownBy(() -> files.checkVote(VOTERS, N1, files.watermark()))
                    .as(other)
                    .isInstanceOf(CorruptStateException.class)
                    .hasMessageContaining("it had been in term 6, and had voted for n2");
        }
        for (String later : List.of("n2 6", " 7", "n1 8")) {
            voted(later.split(" ")[0], Integer.parseInt(later.split(" ")[1]));
            files.checkVote(VOTERS, N1, files.watermark());
        }
        files.advanceWatermark(41, 8, "n1");
        voted("n2", 8);
        assertThatThrownBy(() -> files.checkVote(VOTERS, N1, files.watermark()))
                .isInstanceOf(CorruptStateException.class);
        files.advanceWatermark(41, 9, "");
        voted("n2", 9);
        files.checkVote(VOTERS, N1, files.watermark());
    }

    @Test
    void aVoteThatCannotBeOneIsNoticed() throws Exception {
        files.beginIn(5);
        assertThatCode(() -> files.checkVote(VOTERS, N1, files.watermark())).doesNotThrowAnyException();
        Path vote = files.current().resolve("raft-meta");
        for (String damaged : List.of("", "votedFor=n1\n", "term=5\n", "votedFor=n9\nterm=5", "votedFor=\nterm=x")) {
            Files.writeString(vote, damaged);
            assertThatThrownBy(() -> files.checkVote(VOTERS, N1, files.watermark()))
                    .as(damaged)
                    .isInstanceOf(CorruptStateException.class)
                    .hasMessageContaining("raft-meta");
        }
        Files.delete(vote);
        assertThatThrownBy(() -> files.checkVote(VOTERS, N1, files.watermark()))
                .isInstanceOf(CorruptStateException.class);
        files.forgetVote(N1);
        assertThat(vote).hasContent("votedFor=n1\nterm=0");
    }

    @Test
    void aReplicaBeginsInATermUnlessItIsInAHigherOne() throws Exception {
        assertThat(files.exist()).isFalse();
        files.beginIn(5);
        files.beginIn(3);
        assertThat(files.exist()).isTrue();
        assertThat(files.term()).isEqualTo(5);
        files.beginIn(6);
        assertThat(files.term()).isEqualTo(6);
    }

    @Test
    void theLastThreeQuarantinedLogsAreKept() throws Exception {
        for (int i = 0; i < 5; i++) {
            files.beginIn(i);
            files.advanceWatermark(i, i, "");
            assertThat(files.quarantine()).isEqualTo(logs.resolve("quarantined/shard-3." + (i + 1)));
            assertThat(files.exist()).isFalse();
            assertThat(files.watermark()).isEqualTo(DurableWatermark.NONE);
        }
        assertThat(files.quarantine()).isNull();
        try (var kept = Files.list(logs.resolve("quarantined"))) {
            assertThat(kept.map(folder -> folder.getFileName().toString()))
                    .containsExactlyInAnyOrder("shard-3.3", "shard-3.4", "shard-3.5");
        }
    }

    @Test
    void aMachineThatWentDownIsNoticedAndShortensAllThatRemembers() throws Exception {
        UncleanShutdown run = new UncleanShutdown(logs);
        assertThat(run.wasCutShort()).isFalse();
        run.begin(true);
        assertThat(new UncleanShutdown(logs).wasCutShort()).isFalse(); // only the process ended
        Files.writeString(logs.resolve("running"), "an earlier life");
        assertThat(new UncleanShutdown(logs).wasCutShort()).isTrue();
        run.end();
        assertThat(new UncleanShutdown(logs).wasCutShort()).isFalse();
        run.doubt();
        assertThat(new UncleanShutdown(logs).wasCutShort()).isTrue();
        run.begin(true);
        run.begin(false); // what is synced before it counts can't be cut short
        assertThat(logs.resolve("running")).doesNotExist();

        files.beginIn(2);
        RaftLogFiles other = new RaftLogFiles(logs, "other", "shard-4");
        other.beginIn(2);
        other.write(MARKER);
        RaftLogFiles.markAllTruncated(logs, "the machine went down");
        assertThat(files.recoveryMarker().integrity()).isEqualTo(ReplicaIntegrity.TRUNCATED);
        assertThat(other.recoveryMarker()).isEqualTo(MARKER);
    }
}
