package dev.lockstep.cluster.consensus.ratis.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.consensus.ratis.files.LogTailRepair;
import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.raftlog.segmented.SegmentedRaftLog;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log on files of 64 KiB, written, read back, cut and compared with what Ratis' own log reads from the same files. */
class DirectRaftLogTest {

    private static final RaftGroupMemberId MEMBER =
            RaftGroupMemberId.valueOf(RaftPeerId.valueOf("n1"), RaftGroupId.valueOf(new UUID(1, 2)));
    private static final int SEGMENT_BYTES = 64 << 10;

    @TempDir
    Path home;

    private final LogSyncer syncer = new LogSyncer(EventLoop.threaded("sync"), false);
    private final List<Long> truncated = new ArrayList<>();
    private final AtomicReference<IOException> failed = new AtomicReference<>();
    private final AtomicInteger flushed = new AtomicInteger();
    private boolean onlyVoter;

    @AfterEach
    void close() {
        syncer.close();
    }

    private final class Recorded implements DirectRaftLog.Server {
        @Override
        public void truncated(LogEntryProto entry) {
            truncated.add(entry.getIndex());
        }

        @Override
        public void flushed() {
            flushed.incrementAndGet();
        }

        @Override
        public boolean isOnlyVoter() {
            return onlyVoter;
        }

        @Override
        public void failed(IOException cause) {
            failed.set(cause);
        }
    }

    private static RaftProperties properties() {
        RaftProperties properties = new RaftProperties();
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(SEGMENT_BYTES));
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        // Ratis' own log hangs when it is closed while it evicts.
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(properties, 10_000);
        return properties;
    }

    private RaftStorage storage() throws IOException {
        RaftStorage storage = RaftStorage.newBuilder()
                .setDirectory(home.toFile())
                .setStorageFreeSpaceMin(SizeInBytes.valueOf(0))
                .setLogCorruptionPolicy(RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION)
                .setOption(
                        Files.exists(folder()) ? RaftStorage.StartupOption.RECOVER : RaftStorage.StartupOption.FORMAT)
                .build();
        storage.initialize();
        return storage;
    }

    private Path folder() {
        return home.resolve("current");
    }

    private DirectRaftLog open() throws IOException {
        return open(RaftLog.INVALID_LOG_INDEX, syncer);
    }

    private DirectRaftLog open(long checkpoint, LogSyncer by) throws IOException {
        LogTailRepair.cutOff(LogDisk.SYSTEM, folder());
        DirectRaftLog log = new DirectRaftLog(
                MEMBER,
                () -> checkpoint,
                properties(),
                storage(),
                new DirectRaftLog.Context(LogDisk.SYSTEM, by, () -> EventLoop.threaded("writes"), Time.system()),
                new Recorded());
        log.open(log.getSnapshotIndex(), entry -> {});
        return log;
    }

    private static LogEntryProto entry(long term, long index, int size) {
        byte[] content = new byte[size];
        new Random(31 * term + index).nextBytes(content);
        return LogEntryProto.newBuilder()
                .setTerm(term)
                .setIndex(index)
                .setStateMachineLogEntry(
                        StateMachineLogEntryProto.newBuilder().setLogData(ByteString.copyFrom(content)))
                .build();
    }

    private static List<LogEntryProto> entries(long term, long from, long to, int size) {
        return LongStream.range(from, to).mapToObj(i -> entry(term, i, size)).toList();
    }

    private static void append(RaftLog log, List<LogEntryProto> entries) {
        for (CompletableFuture<Long> appended : log.append(entries)) {
            appended.join();
        }
    }

    private static List<LogEntryProto> all(RaftLog log) throws IOException {
        List<LogEntryProto> all = new ArrayList<>();
        if (log.getLastEntryTermIndex() != null) {
            for (long i = log.getStartIndex(); i < log.getNextIndex(); i++) {
                LogEntryProto entry = log.get(i);
                assertThat(log.getTermIndex(i)).isEqualTo(TermIndex.valueOf(entry));
                all.add(entry);
            }
        }
        return all;
    }

    private List<LogEntryProto> readByRatis() throws IOException {
        SegmentedRaftLog ratis = SegmentedRaftLog.newBuilder()
                .setMemberId(MEMBER)
                .setStorage(storage())
                .setProperties(properties())
                .build();
        ratis.open(RaftLog.INVALID_LOG_INDEX, entry -> {});
        List<LogEntryProto> all = all(ratis);
        ratis.close();
        return all;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("log_"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void entriesAreReadFromMemoryAndFromFilesAndAfterAReopening() throws Exception {
        List<LogEntryProto> written = entries(3, 0, 30_000, 100);
        DirectRaftLog log = open();
        for (int i = 0; i < written.size(); i += 100) {
            append(log, written.subList(i, i + 100));
        }
        assertThat(all(log)).isEqualTo(written);
        assertThat(log.getFlushIndex()).isEqualTo(29_999);
        assertThat(log.get(30_000)).isNull();
        assertThat(log.get(-1)).isNull();
        log.close();
        assertThat(names())
                .hasSizeGreaterThan(40)
                .filteredOn(name -> name.contains("inprogress"))
                .hasSize(1);
        DirectRaftLog again = open();
        assertThat(all(again)).isEqualTo(written);
        assertThat(again.getFlushIndex()).isEqualTo(29_999);
        again.close();
        assertThat(failed).hasValue(null);
    }

    @Test
    void ratisOwnLogReadsTheFilesAndTheOtherWayRound() throws Exception {
        DirectRaftLog log = open();
        append(log, entries(1, 0, 700, 300));
        append(log, entries(2, 700, 900, 300));
        log.close();
        List<LogEntryProto> written = Stream.concat(
                        entries(1, 0, 700, 300).stream(), entries(2, 700, 900, 300).stream())
                .toList();
        assertThat(readByRatis()).isEqualTo(written);
        DirectRaftLog again = open();
        assertThat(all(again)).isEqualTo(written);
        again.close();
    }

    /** As after a kill: nothing was closed, renamed or cut to its size. */
    @Test
    void aLogWhoseProcessWasKilledIsAsItWas() throws Exception {
        LogSyncer never = new LogSyncer(EventLoop.threaded("never"), false);
        never.close();
        DirectRaftLog log = open(RaftLog.INVALID_LOG_INDEX, never);
        append(log, entries(1, 0, 900, 300));
        assertThat(names().stream().filter(name -> name.contains("inprogress"))).hasSizeGreaterThan(3);
        copyFiles(home.resolve("other"));
        log.close();
        home = home.resolve("other");
        DirectRaftLog again = open();
        assertThat(all(again)).isEqualTo(entries(1, 0, 900, 300));
        again.close();
        assertThat(readByRatis()).isEqualTo(entries(1, 0, 900, 300));
    }

    private void copyFiles(Path to) throws IOException {
        Files.createDirectories(to.resolve("current"));
        try (Stream<Path> files = Files.list(folder())) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve("current").resolve(file.getFileName()));
            }
        }
    }

    @Test
    void entriesThatConflictWithTheLeaderAreTruncatedReportedAndGoneForGood() throws Exception {
        DirectRaftLog log = open();
        append(log, entries(1, 0, 1_000, 300));
        append(
                log,
                Stream.concat(entries(1, 380, 400, 300).stream(), entries(2, 400, 410, 50).stream())
                        .toList());
        List<LogEntryProto> left = Stream.concat(entries(1, 0, 400, 300).stream(), entries(2, 400, 410, 50).stream())
                .toList();
        assertThat(all(log)).isEqualTo(left);
        assertThat(truncated).isEqualTo(LongStream.range(400, 1_000).boxed().toList());
        assertThat(log.getFlushIndex()).isEqualTo(409);
        log.close();
        assertThat(readByRatis()).isEqualTo(left);
        DirectRaftLog again = open();
        assertThat(all(again)).isEqualTo(left);
        again.close();
    }

    @Test
    void entriesThatAreThereAlreadyChangeNothing() throws Exception {
        DirectRaftLog log = open();
        append(log, entries(1, 0, 10, 100));
        assertThat(log.append(entries(1, 2, 10, 100))).isEmpty();
        append(log, entries(1, 5, 15, 100));
        assertThat(all(log)).isEqualTo(entries(1, 0, 15, 100));
        assertThat(truncated).isEmpty();
        log.close();
    }

    @Test
    void committedEntriesAreNeverTruncated() throws Exception {
        DirectRaftLog log = open();
        append(log, entries(1, 0, 10, 100));
        log.updateCommitIndex(6, 1, false);
        assertThatThrownBy(() -> log.append(entries(2, 6, 8, 100)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("committed up to 6");
        assertThat(all(log)).isEqualTo(entries(1, 0, 10, 100));
        log.close();
    }

    @Test
    void fullFilesUpToACheckpointArePurged() throws Exception {
        DirectRaftLog log = open();
        append(log, entries(1, 0, 1_000, 300));
        waitForRenames();
        log.updateCommitIndex(999, 1, false);
        long purged = log.purge(500).join();
        assertThat(purged).isBetween(250L, 500L);
        assertThat(log.getStartIndex()).isEqualTo(purged + 1);
        assertThat(log.get(purged)).isNull();
        assertThat(log.getTermIndex(purged)).isNull();
        assertThat(all(log)).isEqualTo(entries(1, purged + 1, 1_000, 300));
        log.close();
        DirectRaftLog again = open(500, syncer);
        assertThat(all(again)).isEqualTo(entries(1, purged + 1, 1_000, 300));
        again.close();
    }

    @Test
    void aPurgeThatFoundNoClosedFileIsRepeated() throws Exception {
        ManualEventLoop loop = new ManualEventLoop();
        DirectRaftLog log = open(RaftLog.INVALID_LOG_INDEX, new LogSyncer(loop, false));
        append(log, entries(1, 0, 1_000, 300));
        log.purge(500).join();
        assertThat(log.getStartIndex()).as("nothing is synced").isZero();
        assertThat(loop.fire()).isTrue();
        log.purge(500).join();
        assertThat(log.getStartIndex()).isPositive();
        log.close();
    }

    private void waitForRenames() throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (names().stream().filter(name -> name.contains("inprogress")).count() > 1) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    @Test
    void aCheckpointThatReachesFurtherReplacesTheLog() throws Exception {
        DirectRaftLog log = open();
        append(log, entries(1, 0, 1_000, 300));
        log.onSnapshotInstalled(2_000).join();
        assertThat(log.getLastEntryTermIndex()).isNull();
        assertThat(log.getNextIndex()).isEqualTo(2_001);
        assertThat(names()).isEmpty();
        append(log, entries(4, 2_001, 2_010, 300));
        assertThat(all(log)).isEqualTo(entries(4, 2_001, 2_010, 300));
        log.close();
    }

    @Test
    void acknowledgementsWaitForTheSyncWhereTheyAreToAndTheServerHearsOfIt() throws Exception {
        try (LogSyncer disk = new LogSyncer(EventLoop.threaded("disk"), true)) {
            DirectRaftLog log = open(RaftLog.INVALID_LOG_INDEX, disk);
            append(log, entries(1, 0, 500, 300));
            assertThat(log.getFlushIndex()).isEqualTo(499);
            log.close();
            assertThat(flushed).hasPositiveValue();
        }
        LogSyncer never = new LogSyncer(EventLoop.threaded("never"), true);
        never.close();
        DirectRaftLog log = open(RaftLog.INVALID_LOG_INDEX, never);
        CompletableFuture<Long> unsynced = log.append(entries(1, 500, 510, 300)).get(0);
        assertThat(unsynced).isNotDone();
        assertThat(log.getFlushIndex()).isEqualTo(499);
        append(log, List.of());
        log.append(entries(2, 505, 506, 300));
        assertThat(unsynced).isCompletedExceptionally();
        log.close();
    }

    @Test
    void anAppendThatIsRepeatedIsNotAnsweredBeforeItIsSynced() throws Exception {
        LogSyncer never = new LogSyncer(EventLoop.threaded("never"), true);
        never.close();
        DirectRaftLog log = open(RaftLog.INVALID_LOG_INDEX, never);
        log.append(entries(1, 0, 10, 100));
        List<CompletableFuture<Long>> again = log.append(entries(1, 5, 8, 100));
        assertThat(again).hasSize(1);
        assertThat(again.get(0)).isNotDone();
        log.append(entries(2, 7, 8, 100));
        assertThat(again.get(0)).isCompletedExceptionally();
        log.close();
    }

    @Test
    void aReplicaThatIsAMajorityByItselfCommitsWithoutAnswers() throws Exception {
        onlyVoter = true;
        DirectRaftLog log = open();
        append(log, entries(1, 0, 3, 100));
        assertThat(flushed).hasValue(1);
        log.close();
    }

    @Test
    void aLogThatCanNotBeWrittenSaysSoOnceAndTakesNothingMore() throws Exception {
        DirectRaftLog log = open();
        append(log, entries(1, 0, 10, 100));
        for (String name : names()) {
            Files.delete(folder().resolve(name));
        }
        Files.delete(folder().resolve("raft-meta"));
        Files.delete(folder());
        CompletableFuture<Long> refused = log.append(entries(2, 10, 11, 100)).get(0);
        assertThatThrownBy(() -> refused.get(1, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
        assertThat(failed.getAndSet(null)).isNotNull();
        assertThat(log.append(entries(2, 10, 11, 100)).get(0)).isCompletedExceptionally();
        assertThat(failed).hasValue(null);
        assertThat(log.getFlushIndex()).isEqualTo(9);
    }

    /** Every bit of every eleventh byte: found when the log is opened, never read as something else. */
    @Test
    void aFlippedBitIsFound() throws Exception {
        DirectRaftLog log = open();
        append(log, entries(1, 0, 20, 60));
        log.close();
        Path file = folder().resolve(names().get(0));
        byte[] whole = Files.readAllBytes(file);
        for (int at = "RaftLog1".getBytes(StandardCharsets.US_ASCII).length; at < whole.length; at += 11) {
            byte[] flipped = whole.clone();
            flipped[at] ^= (byte) (1 << (at % 8));
            Files.write(file, flipped);
            assertThatThrownBy(this::open).as("byte %d", at).isInstanceOf(Exception.class);
            Files.delete(home.resolve("in_use.lock"));
        }
        Files.write(file, whole);
        DirectRaftLog again = open();
        assertThat(all(again)).isEqualTo(entries(1, 0, 20, 60));
        again.close();
    }

    @Test
    void entriesAreReadWhileOthersAreAppendedAndPurged() throws Exception {
        DirectRaftLog log = open();
        AtomicReference<Throwable> wrong = new AtomicReference<>();
        AtomicBoolean over = new AtomicBoolean();
        List<Thread> others = new ArrayList<>();
        for (int reader = 0; reader < 2; reader++) {
            Random random = new Random(reader);
            others.add(new Thread(() -> {
                while (!over.get() && wrong.get() == null) {
                    readAny(log, random, wrong);
                }
            }));
        }
        // A file can go once it is closed, which a slow disk may do only after the last append.
        others.add(new Thread(() -> {
            while (!over.get() || log.getStartIndex() == 0) {
                log.purge(log.getNextIndex() - 5_000).join();
            }
        }));
        others.forEach(Thread::start);
        for (int from = 0; from < 60_000; from += 50) {
            append(log, entries(1 + from / 20_000, from, from + 50, 100));
        }
        over.set(true);
        for (Thread other : others) {
            other.join(30_000);
        }
        assertThat(wrong).hasValue(null);
        assertThat(log.getStartIndex()).isPositive();
        List<LogEntryProto> left = all(log);
        assertThat(left.get(left.size() - 1)).isEqualTo(entry(3, 59_999, 100));
        log.close();
        assertThat(failed).hasValue(null);
    }

    private static void readAny(RaftLog log, Random random, AtomicReference<Throwable> wrong) {
        long next = log.getNextIndex();
        long index = next - 1 - random.nextInt(10_000);
        try {
            LogEntryProto entry = index < 0 ? null : log.get(index);
            if (entry != null) {
                assertThat(entry).isEqualTo(entry(1 + index / 20_000, index, 100));
                TermIndex named = log.getTermIndex(index);
                assertThat(named == null || named.getTerm() == entry.getTerm()).isTrue();
            } else {
                assertThat(index).isLessThan(Math.max(0, log.getStartIndex()));
            }
        } catch (IOException | RuntimeException | AssertionError failure) {
            wrong.compareAndSet(null, failure);
        }
    }

    /** Truncated at random, appended to, purged, reopened; compared with a list. */
    @Test
    void aLogHasWhatAListWouldHaveAfterRandomOperations() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<LogEntryProto> model = new ArrayList<>();
        DirectRaftLog log = open();
        long term = 1;
        for (int step = 0; step < 120; step++) {
            int what = random.nextInt(10);
            if (what < 6) {
                long from = model.size();
                List<LogEntryProto> more = entries(term, from, from + random.nextInt(150), random.nextInt(1_000));
                append(log, more);
                model.addAll(more);
            } else if (what < 8 && !model.isEmpty()) {
                term++;
                int from = model.size() - 1 - random.nextInt(Math.min(model.size(), 400));
                List<LogEntryProto> other = entries(term, from, from + 1 + random.nextInt(20), random.nextInt(2_000));
                append(log, other);
                model.subList(from, model.size()).clear();
                model.addAll(other);
            } else {
                log.close();
                log = open();
            }
            assertThat(log.getNextIndex()).as("seed %d, step %d", seed, step).isEqualTo(model.size());
        }
        assertThat(all(log)).as("seed %d", seed).isEqualTo(model);
        int[] anywhere =
                IntStream.range(0, 500).map(i -> random.nextInt(model.size())).toArray();
        for (int index : anywhere) {
            assertThat(log.get(index)).as("seed %d, entry %d", seed, index).isEqualTo(model.get(index));
        }
        log.close();
        assertThat(readByRatis()).as("seed %d", seed).isEqualTo(model);
        assertThat(Arrays.stream(anywhere).count()).isEqualTo(500);
    }
}
