package dev.lockstep.cluster.consensus.ratis.files;

import dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity;
import dev.lockstep.cluster.files.Folders;
import dev.lockstep.cluster.files.Quarantine;
import dev.lockstep.cluster.files.SmallFile;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.zip.CRC32C;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;

/**
 * The files of one replica's log: Ratis', and beside them what we have to say about them. Everything written here
 * survives a power cut. Not thread-safe.
 */
public final class RaftLogFiles {

    /** Ratis' own name for the file with the term and the vote. */
    private static final String META = "raft-meta";

    private static final String VOTED_FOR = "votedFor";
    private static final String TERM = "term";

    private final Path folder;
    private final String label;
    private final Path recoveryFile;
    private final Path watermarkFile;
    private DurableWatermark lastWatermark = DurableWatermark.NONE;

    /**
     * @param logs of the node, with a folder for each group
     * @param group how Ratis names the folder
     * @param label how people know it
     */
    public RaftLogFiles(Path logs, String group, String label) {
        this.folder = logs.resolve(group);
        this.label = label;
        this.recoveryFile = logs.resolve(group + ".recovery");
        this.watermarkFile = logs.resolve(group + ".watermark");
    }

    /** The folder in which Ratis keeps the log and the vote. */
    public Path current() {
        return folder.resolve("current");
    }

    /** Tells whether there is any log file. */
    public boolean haveLog() throws IOException {
        if (!Files.isDirectory(current())) {
            return false;
        }
        try (DirectoryStream<Path> logs = Files.newDirectoryStream(current(), "log_*")) {
            return logs.iterator().hasNext();
        }
    }

    /** Tells whether there is a vote file, as with every log, empty or not. */
    public boolean exist() {
        return Files.exists(current().resolve(META));
    }

    /**
     * Deletes all that there is of the replica but its term. It has forgotten for whom it voted and what it acknowledged, so if it is
     * hosted here again, it votes only once it has an entry of a later term.
     */
    public void delete() throws IOException {
        if (exist()) {
            write(forgotten(recoveryMarker()));
        }
        Folders.delete(folder);
        SmallFile.delete(watermarkFile); // after the log: with a part of it, a replica would count as intact
        lastWatermark = DurableWatermark.NONE;
    }

    /** @param before the marker of the replica; null if it was intact */
    private RecoveryMarker forgotten(@Nullable RecoveryMarker before) throws IOException {
        String cause = "it was removed from this node";
        if (before == null || before.integrity() == ReplicaIntegrity.CATCHING_UP) {
            long floor = Math.max(term(), before == null ? 0 : before.floor());
            return new RecoveryMarker(ReplicaIntegrity.CATCHING_UP, floor, false, false, cause);
        }
        return RecoveryMarker.lost(false, cause); // its term may have been a later one than its files say
    }

    // The recovery marker and the watermark

    /**
     * A durable record that a replica has lost state and has to recover.
     *
     * @param integrity {@link ReplicaIntegrity#LOST}, {@link ReplicaIntegrity#TRUNCATED} or {@link ReplicaIntegrity#CATCHING_UP}
     * @param floor the highest term that it may have voted in before; 0 as long as it is not known
     * @param votes whether it is to vote all the same, since an operator has said so
     * @param dropsState whether what the log has made of the replica can't be relied on either
     * @param cause the reason, for operators
     */
    public record RecoveryMarker(
            ReplicaIntegrity integrity, long floor, boolean votes, boolean dropsState, String cause) {

        /** Returns the marker of a replica that has lost its whole log. */
        public static RecoveryMarker lost(boolean dropsState, String cause) {
            return new RecoveryMarker(ReplicaIntegrity.LOST, 0, false, dropsState, cause);
        }
    }

    /** Reads the marker; null if there is none: the replica has lost nothing, or has never taken part. */
    @Nullable
    public RecoveryMarker recoveryMarker() throws IOException {
        List<String> lines = lines(recoveryFile);
        if (lines == null) {
            return null;
        }
        try {
            return new RecoveryMarker(
                    ReplicaIntegrity.valueOf(lines.get(0)),
                    Long.parseLong(lines.get(1)),
                    Boolean.parseBoolean(lines.get(2)),
                    Boolean.parseBoolean(lines.get(3)),
                    lines.get(4));
        } catch (RuntimeException damaged) {
            return RecoveryMarker.lost(true, "its recovery marker " + recoveryFile + " is corrupt");
        }
    }

    public void write(RecoveryMarker marker) throws IOException {
        write(
                recoveryFile,
                List.of(
                        marker.integrity().name(),
                        Long.toString(marker.floor()),
                        Boolean.toString(marker.votes()),
                        Boolean.toString(marker.dropsState()),
                        marker.cause().replaceAll("\\s+", " ")));
    }

    /** Marks all replicas as truncated; those that have lost more stay as they are. */
    public static void markAllTruncated(Path logs, String cause) throws IOException {
        try (DirectoryStream<Path> groups = Files.newDirectoryStream(logs, Files::isDirectory)) {
            for (Path group : groups) {
                String name = group.getFileName().toString();
                RaftLogFiles files = new RaftLogFiles(logs, name, name);
                if (files.exist() && files.recoveryMarker() == null) {
                    files.write(new RecoveryMarker(ReplicaIntegrity.TRUNCATED, 0, false, false, cause));
                    SmallFile.delete(files.watermarkFile);
                }
            }
        }
    }

    /** Ends the recovery. */
    public void deleteRecoveryMarker() throws IOException {
        SmallFile.delete(recoveryFile);
    }

    /**
     * Reads the watermark. It never goes back: after a start, what is committed is known again only once a leader says so.
     *
     * @throws CorruptStateException when the file of the watermark is corrupt
     */
    public DurableWatermark watermark() throws IOException {
        lastWatermark = DurableWatermark.read(watermarkFile);
        return lastWatermark;
    }

    /**
     * Advances the watermark to a position and the vote, if either has changed.
     *
     * @param position up to where no leader can truncate the log any more
     * @param term of the vote that the file has
     * @param votedFor the peer that it names; empty for none
     */
    public void advanceWatermark(long position, long term, String votedFor) throws IOException {
        DurableWatermark last = lastWatermark;
        boolean voted = term != last.term() || !votedFor.equals(last.votedFor());
        if (position <= last.position() && !voted) {
            return;
        }
        if (voted) {
            SmallFile.syncNames(current()); // or a power cut could bring back one from before what is marked
        }
        lastWatermark = new DurableWatermark(Math.max(position, last.position()), term, votedFor);
        lastWatermark.write(watermarkFile);
    }

    /** Null if there is no such file; no lines if it is not what was written. */
    private static @Nullable List<String> lines(Path file) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException none) {
            return null;
        }
        List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
        int last = lines.size() - 1;
        return last >= 0
                        && bytes.length == text(lines).getBytes(StandardCharsets.UTF_8).length
                        && lines.get(last).equals(checksum(lines.subList(0, last)))
                ? lines.subList(0, last)
                : List.of();
    }

    private static void write(Path file, List<String> lines) throws IOException {
        SmallFile.write(file, text(lines) + checksum(lines) + "\n");
    }

    private static String text(List<String> lines) {
        return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
    }

    private static String checksum(List<String> lines) {
        CRC32C checksum = new CRC32C();
        checksum.update(text(lines).getBytes(StandardCharsets.UTF_8));
        return "crc32c " + Integer.toHexString((int) checksum.getValue());
    }

    // The log and the vote

    /** Moves the log to the quarantine. @return where to, or null if there was none */
    @Nullable
    public Path quarantine() throws IOException {
        SmallFile.delete(watermarkFile);
        lastWatermark = DurableWatermark.NONE;
        return Files.exists(folder) ? Quarantine.move(folder, label) : null;
    }

    /** The highest term that the log or the vote is of; 0 if there are none. */
    public long term() throws IOException {
        return exist() ? Math.max(term(vote()), LogTailRepair.lastTerm(current())) : 0;
    }

    /**
     * Checks the vote, which Ratis keeps without a checksum, and without syncing its folder. One of a term before that
     * of the last entry is an old one: which vote came after it is unknown, so it is made one for this node itself.
     *
     * @param watermark what it can't be earlier than
     * @throws CorruptStateException when it can't be one, or not the last
     */
    public void checkVote(Collection<RaftPeerId> voters, RaftPeerId self, DurableWatermark watermark)
            throws IOException {
        Properties vote = vote();
        String votedFor = vote.getProperty(VOTED_FOR);
        if (votedFor == null || !(votedFor.isEmpty() || voters.contains(RaftPeerId.valueOf(votedFor)))) {
            throw damagedVote("damaged");
        }
        if (!watermark.allows(term(vote), votedFor)) {
            throw damagedVote("not the last: it had been in term " + watermark.term()
                    + (watermark.votedFor().isEmpty() ? "" : ", and had voted for " + watermark.votedFor()));
        }
        long last = LogTailRepair.lastTerm(current());
        if (term(vote) < last) {
            write(last, self.toString());
        }
    }

    /** Replaces the vote by one for this node itself, in the term of the last entry. */
    public void forgetVote(RaftPeerId self) throws IOException {
        write(LogTailRepair.lastTerm(Files.createDirectories(current())), self.toString());
    }

    private Properties vote() throws IOException {
        Properties vote = new Properties();
        try (Reader in = Files.newBufferedReader(current().resolve(META))) {
            vote.load(in);
            return vote;
        } catch (NoSuchFileException gone) {
            throw damagedVote("gone");
        } catch (CharacterCodingException | IllegalArgumentException damaged) {
            throw damagedVote("damaged");
        }
    }

    private CorruptStateException damagedVote(String how) {
        return new CorruptStateException("the file with its vote, " + current().resolve(META) + ", is " + how);
    }

    private long term(Properties vote) throws CorruptStateException {
        try {
            return Long.parseLong(vote.getProperty(TERM, "none"));
        } catch (NumberFormatException damaged) {
            throw damagedVote("damaged");
        }
    }

    private void write(long term, String votedFor) throws IOException {
        SmallFile.write(current().resolve(META), VOTED_FOR + "=" + votedFor + "\n" + TERM + "=" + term + "\n");
    }

    /** Sets the term in which Ratis begins, without a vote, unless it is in a higher one already. */
    public void beginIn(long term) throws IOException {
        Files.createDirectories(current());
        if (exist() && term(vote()) >= term) {
            return;
        }
        write(term, "");
        SmallFile.syncNames(folder);
        SmallFile.syncNames(folder.resolveSibling("."));
    }
}
