package dev.lockstep.cluster.consensus.ratis.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.ratis.files.SlowDisk;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A log whose disk is slow, or does not answer. */
@Timeout(120)
class SlowRaftLogTest {

    private static final RaftGroupMemberId MEMBER =
            RaftGroupMemberId.valueOf(RaftPeerId.valueOf("n1"), RaftGroupId.valueOf(new UUID(1, 2)));

    @TempDir
    Path home;

    private final SlowDisk disk = new SlowDisk();
    private final ManualEventLoop syncs = new ManualEventLoop();
    private final LogSyncer syncer = new LogSyncer(syncs, false);
    private final List<Long> truncated = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger flushed = new AtomicInteger();
    private final AtomicReference<IOException> failed = new AtomicReference<>();
    private DirectRaftLog log;
    private EventLoop writes;

    @BeforeEach
    void open() throws Exception {
        open(Time.system());
    }

    private void open(Time time) throws Exception {
        writes = EventLoop.threaded("writes");
        RaftProperties properties = new RaftProperties();
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        RaftStorage storage = RaftStorage.newBuilder()
                .setDirectory(home.toFile())
                .setStorageFreeSpaceMin(SizeInBytes.valueOf(0))
                .setLogCorruptionPolicy(RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION)
                .setOption(
                        Files.exists(home.resolve("current"))
                                ? RaftStorage.StartupOption.RECOVER
                                : RaftStorage.StartupOption.FORMAT)
                .build();
        storage.initialize();
        log = new DirectRaftLog(
                MEMBER,
                () -> -1,
                properties,
                storage,
                new DirectRaftLog.Context(disk, syncer, () -> writes, time),
                new Recorded());
        log.open(-1, entry -> {});
    }

    @AfterEach
    void close() throws Exception {
        disk.delay(0);
        disk.fail(false);
        disk.release();
        log.close();
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
            return false;
        }

        @Override
        public void failed(IOException cause) {
            failed.set(cause);
        }
    }

    private static List<LogEntryProto> entries(long term, long from, long to, int size) {
        return LongStream.range(from, to)
                .mapToObj(i -> LogEntryProto.newBuilder()
                        .setTerm(term)
                        .setIndex(i)
                        .setStateMachineLogEntry(
                                StateMachineLogEntryProto.newBuilder().setLogData(ByteString.copyFrom(new byte[size])))
                        .build())
                .toList();
    }

    private CompletableFuture<Long> append(List<LogEntryProto> entries) {
        return log.append(entries).get(0);
    }

    private static long answer(CompletableFuture<Long> append) throws Exception {
        return append.get(30, TimeUnit.SECONDS);
    }

    /** Has what follows written by another thread. */
    private void writeSlowly() throws Exception {
        disk.delay(TimeUnit.MILLISECONDS.toNanos(11));
        assertThat(append(entries(1, 0, 1, 100))).isCompletedWithValue(0L);
        disk.delay(0);
    }

    private List<LogEntryProto> all() throws IOException {
        List<LogEntryProto> all = new ArrayList<>();
        for (long i = 0; i < log.getNextIndex(); i++) {
            all.add(log.get(i));
        }
        return all;
    }

    @Test
    void afterASlowWriteNoAppendWaitsForTheDiskAndNoneIsAnsweredBeforeItIsWritten() throws Exception {
        writeSlowly();
        disk.hold(file -> true);
        CompletableFuture<Long> first = append(entries(1, 1, 10, 100));
        CompletableFuture<Long> second = append(entries(1, 10, 20, 100));
        assertThat(first).isNotDone();
        assertThat(second).isNotDone();
        assertThat(log.getFlushIndex()).isZero();
        assertThat(all()).isEqualTo(entries(1, 0, 20, 100));
        disk.release();
        assertThat(answer(first)).isEqualTo(9);
        assertThat(answer(second)).isEqualTo(19);
        assertThat(log.getFlushIndex()).isEqualTo(19);
        log.close();
        open();
        assertThat(all()).isEqualTo(entries(1, 0, 20, 100));
    }

    @Test
    void afterEightShortWritesTheAppendingThreadWritesAgain() throws Exception {
        writeSlowly();
        Eventually.holds("this thread writes again", () -> {
            long next = log.getNextIndex();
            answer(append(entries(1, next, next + 1, 100)));
            return disk.lastWriter() == Thread.currentThread();
        });
        assertThat(log.getNextIndex()).isGreaterThan(WritePace.SHORT_WRITES);
    }

    @Test
    void whatIsNotWrittenYetIsReadFromMemoryHoweverMuchItIs() throws Exception {
        writeSlowly();
        disk.hold(file -> true);
        for (int i = 1; i < 9; i++) {
            append(entries(1, i, i + 1, 1 << 20));
        }
        assertThat(log.get(1)).isEqualTo(entries(1, 1, 2, 1 << 20).get(0));
        assertThat(log.get(8)).isEqualTo(entries(1, 8, 9, 1 << 20).get(0));
    }

    @Test
    void aReplicaOfWhichTooMuchWaitsForTheDiskTakesNoMore() throws Exception {
        writeSlowly();
        disk.hold(file -> true);
        for (int i = 1; i < 9; i++) {
            assertThat(append(entries(1, i, i + 1, 1 << 20))).isNotDone();
        }
        assertThat(append(entries(1, 9, 10, 100))).isCompletedExceptionally();
        assertThat(log.getNextIndex()).isEqualTo(9);
        assertThat(failed).hasValue(null);
        disk.release();
        Eventually.holds("all is written", () -> log.getFlushIndex() == 8);
        answer(append(entries(1, 9, 10, 100)));
    }

    @Test
    void anAppendThatIsRepeatedIsNotAnsweredBeforeItIsWritten() throws Exception {
        writeSlowly();
        disk.hold(file -> true);
        CompletableFuture<Long> first = append(entries(1, 1, 5, 100));
        CompletableFuture<Long> again = append(entries(1, 1, 3, 100));
        assertThat(again).isNotDone();
        disk.release();
        assertThat(answer(again)).isEqualTo(4);
        assertThat(answer(first)).isEqualTo(4);
        assertThat(log.append(entries(1, 1, 3, 100))).isEmpty();
    }

    @Test
    void whileALogIsSyncedItsAppendsAreWrittenElsewhere() throws Exception {
        log.close();
        open(new ManualEventLoop()); // its clock stands still, so that no write counts as slow
        answer(append(entries(1, 0, 1, 100)));
        disk.hold(file -> true);
        Thread syncing = new Thread(syncs::fire);
        syncing.start();
        Eventually.holds("the sync waits", () -> disk.held().contains(syncing));
        CompletableFuture<Long> append = append(entries(1, 1, 2, 100));
        assertThat(append).isNotDone();
        disk.release();
        assertThat(answer(append)).isEqualTo(1);
        syncing.join();
        CompletableFuture<Void> idle = new CompletableFuture<>();
        writes.execute(() -> idle.complete(null)); // or its thread could take the next append over
        idle.get(30, TimeUnit.SECONDS);
        disk.hold(file -> true);
        Thread appending =
                new Thread(() -> assertThat(append(entries(1, 2, 3, 100))).isCompletedWithValue(2L));
        appending.setUncaughtExceptionHandler((thread, failure) -> failed.set(new IOException(failure)));
        appending.start();
        Eventually.holds(
                "it is written by the thread that appends", () -> disk.held().contains(appending));
        disk.release();
        appending.join();
        assertThat(failed).hasValue(null);
    }

    @Test
    void entriesThatAreDroppedBeforeTheyAreWrittenLeaveNothingInTheFiles() throws Exception {
        writeSlowly();
        disk.hold(file -> true);
        append(entries(1, 1, 2, 100));
        Eventually.holds("it is being written", () -> disk.held().size() == 1);
        CompletableFuture<Long> dropped = append(entries(1, 2, 9, 100));
        Thread follower = new Thread(() -> append(entries(2, 4, 6, 100)));
        follower.start();
        Eventually.holds("the entries are truncated", dropped::isCompletedExceptionally);
        disk.release();
        follower.join();
        Eventually.holds("all is written", () -> log.getFlushIndex() == 5);
        log.close();
        open();
        List<LogEntryProto> expected = new ArrayList<>(entries(1, 0, 4, 100));
        expected.addAll(entries(2, 4, 6, 100));
        assertThat(all()).isEqualTo(expected);
    }

    @Test
    void aWriteThatFailsFailsAllThatWaitAndIsReportedOnce() throws Exception {
        writeSlowly();
        disk.hold(file -> true);
        CompletableFuture<Long> first = append(entries(1, 1, 2, 100));
        Eventually.holds("it is being written", () -> disk.held().size() == 1);
        CompletableFuture<Long> second = append(entries(2, 2, 3, 100));
        disk.fail(true);
        disk.release();
        assertThatThrownBy(() -> answer(first)).isInstanceOf(ExecutionException.class);
        assertThatThrownBy(() -> answer(second)).isInstanceOf(ExecutionException.class);
        Eventually.holds("it is reported", () -> failed.getAndSet(null) != null);
        assertThat(append(entries(1, 1, 2, 100))).isCompletedExceptionally();
        assertThat(log.getFlushIndex()).isZero();
        assertThat(failed).hasValue(null);
    }

    @Test
    void whatConflictsIsTruncatedAlsoIfItIsNotWrittenYet() throws Exception {
        writeSlowly();
        disk.hold(file -> true);
        CompletableFuture<Long> kept = append(entries(1, 1, 3, 100));
        Eventually.holds("it is being written", () -> disk.held().size() == 1);
        CompletableFuture<Long> replaced = append(entries(1, 3, 6, 100));
        AtomicReference<CompletableFuture<Long>> others = new AtomicReference<>();
        Thread follower = new Thread(() -> others.set(append(entries(2, 3, 5, 200))));
        follower.start();
        Eventually.holds("the entries are truncated", replaced::isCompletedExceptionally);
        disk.release();
        follower.join();
        assertThat(answer(others.get())).isEqualTo(4);
        assertThat(answer(kept)).isEqualTo(2);
        assertThat(replaced).isCompletedExceptionally();
        assertThat(truncated).containsExactly(3L, 4L, 5L);
        log.close();
        open();
        List<LogEntryProto> expected = new ArrayList<>(entries(1, 0, 3, 100));
        expected.addAll(entries(2, 3, 5, 200));
        assertThat(all()).isEqualTo(expected);
    }

    @Test
    void aLeaderWritesOnlyOnceItHasLetGoOfTheMonitorAndTellsThoseWhoLookedTooEarly() throws Exception {
        CompletableFuture<Long> append = DirectRaftLog.writingAfter(log, () -> {
            CompletableFuture<Long> unwritten =
                    log.appendEntry(entries(1, 0, 1, 100).get(0));
            assertThat(log.getNextIndex()).isEqualTo(1);
            assertThat(unwritten).isNotDone();
            assertThat(log.getFlushIndex()).isEqualTo(-1);
            return unwritten;
        });
        assertThat(append).isCompletedWithValue(0L);
        assertThat(flushed).hasValue(1);
        answer(DirectRaftLog.writingAfter(
                log, () -> log.appendEntry(entries(1, 1, 2, 100).get(0))));
        assertThat(flushed).as("nobody had looked").hasValue(1);
    }

    @Test
    void entriesOfRatisOwnKeepNobodyWaitingForTheDisk() throws Exception {
        disk.hold(file -> true);
        CompletableFuture<Long> append = log.appendEntry(entries(1, 0, 1, 100).get(0));
        assertThat(append).isNotDone();
        disk.release();
        assertThat(answer(append)).isZero();
    }

    @Test
    void theTimeForWhichAnAppendHasWaitedIsKnown() throws Exception {
        assertThat(log.unflushedNanos()).isZero();
        disk.hold(file -> true);
        Thread caller = new Thread(() -> append(entries(1, 0, 1, 100)));
        caller.start();
        long second = TimeUnit.SECONDS.toNanos(1);
        Eventually.holds("it has waited for a second", () -> log.unflushedNanos() > second);
        disk.release();
        caller.join();
        assertThat(log.unflushedNanos()).isZero();
    }

    @Test
    void aThreadThatIsInterruptedInAWriteOrAReadDoesNotCloseTheLog() throws Exception {
        disk.hold(file -> true);
        Thread caller = new Thread(() -> append(entries(1, 0, 1, 100)));
        caller.start();
        Eventually.holds("it writes", () -> disk.held().contains(caller));
        caller.interrupt();
        disk.release();
        caller.join();
        assertThat(log.getFlushIndex()).isZero();
        AtomicReference<Object> read = new AtomicReference<>();
        for (int i = 1; i < 10; i++) {
            answer(append(entries(1, i, i + 1, 1 << 20))); // so that the first is in no memory
        }
        Thread interrupted = new Thread(() -> {
            Thread.currentThread().interrupt();
            try {
                answerNow(append(entries(1, 10, 11, 100)));
                answerNow(log.truncate(10));
                answerNow(append(entries(2, 10, 12, 100)));
                read.set(log.get(0));
            } catch (Exception failure) {
                read.set(failure);
            }
        });
        interrupted.start();
        interrupted.join();
        assertThat(read).hasValue(entries(1, 0, 1, 100).get(0));
        assertThat(failed).hasValue(null);
    }

    /** Without waiting, which the interrupt would end. */
    private static void answerNow(CompletableFuture<Long> append) throws ExecutionException {
        if (append.isCompletedExceptionally()) {
            throw new ExecutionException(
                    append.handle((done, failure) -> failure).join());
        }
    }
}
