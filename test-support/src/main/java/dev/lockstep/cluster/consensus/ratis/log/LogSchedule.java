package dev.lockstep.cluster.consensus.ratis.log;

import dev.lockstep.cluster.consensus.ratis.files.CorruptStateException;
import dev.lockstep.cluster.consensus.ratis.files.CorruptionClassifier;
import dev.lockstep.cluster.consensus.ratis.files.LogTailRepair;
import dev.lockstep.cluster.simulation.SimulatedLogDisk;
import dev.lockstep.cluster.testing.Folders;
import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.LogEntryHeader;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.server.storage.RaftStorageDirectory;
import org.apache.ratis.server.storage.RaftStorageMetadataFile;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.jspecify.annotations.Nullable;

/**
 * The life of one log on a {@link SimulatedLogDisk}, compared with a model of it: appends, truncations, checkpoints, purges and
 * syncs at random, while its disk is slow, its process is killed or loses its power in the middle of them, a sync fails, or a bit of
 * a file that lies there is flipped. Each time the log is opened again as a replica opens it. All of it follows from the seed. One thread.
 */
final class LogSchedule {

    private static final RaftGroupMemberId MEMBER =
            RaftGroupMemberId.valueOf(RaftPeerId.valueOf("n1"), RaftGroupId.valueOf(new UUID(1, 2)));
    private static final Path TEMPORARY = Files.isDirectory(Path.of("/dev/shm"))
            ? Path.of("/dev/shm")
            : Path.of(System.getProperty("java.io.tmpdir"));
    private static final int AHEAD = 4 << 10;

    private final long seed;
    private final Path folder;
    private final SplittableRandom random;
    private final Consumer<String> trace;
    private final boolean onDisk;
    private final RaftProperties properties = new RaftProperties();
    private final SimulatedLogDisk disk;
    private final List<Append> waiting = new ArrayList<>();
    /** All that it has had since the last power cut. */
    private final List<Contents> history = new ArrayList<>();

    private final Clock clock = new Clock();
    private ManualEventLoop loop = new ManualEventLoop();
    private ManualEventLoop writes = new ManualEventLoop();
    private DirectRaftLog log;
    private boolean failed;
    private boolean refused;

    private Contents now = new Contents(new long[0]);
    /** The contents after the operation that is in progress. */
    private @Nullable Contents next;

    private int start = -1;
    private boolean purging;
    private long term = 1;
    private int checkpoint = -1;
    private int committed = -1;
    private int marked = -1;
    private int acknowledged = -1;
    /** The last entry that was in the files when the process ended. */
    private int written = -1;

    /** A clock by which each write is short, or slow. */
    private static final class Clock implements Time {

        private static final long SLOW_NANOS = 11_000_000;

        private boolean slow;
        private long nanos;

        @Override
        public long millis() {
            return nanos / 1_000_000;
        }

        @Override
        public long nanos() {
            nanos += slow ? SLOW_NANOS : 0;
            return nanos;
        }
    }

    /** An append that has not been answered. */
    private record Append(int last, List<CompletableFuture<Long>> answers) {}

    /** The terms of a log's entries, from the first there ever was: 0 where a checkpoint came instead of them. */
    private record Contents(long[] terms) {

        int end() {
            return terms.length;
        }

        Contents upTo(int end) {
            return new Contents(Arrays.copyOf(terms, end));
        }

        Contents with(long term, int count) {
            long[] more = Arrays.copyOf(terms, terms.length + count);
            Arrays.fill(more, terms.length, more.length, term);
            return new Contents(more);
        }

        int common(Contents other) {
            int mismatch = Arrays.mismatch(terms, other.terms);
            return mismatch < 0 ? terms.length : mismatch;
        }

        @Override
        public String toString() {
            return Arrays.toString(terms);
        }
    }

    private LogSchedule(long seed, Path folder, Consumer<String> trace) throws IOException {
        this.seed = seed;
        this.folder = folder;
        this.random = new SplittableRandom(seed);
        this.trace = trace;
        this.onDisk = random.nextBoolean();
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(1_024L << random.nextInt(4)));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf(AHEAD));
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        this.disk = new SimulatedLogDisk(folder, random.split());
        history.add(now);
        this.log = create();
        log.open(checkpoint, entry -> {});
    }

    /** Runs one; returns what was wrong, or null. */
    static @Nullable String failure(long seed, Consumer<String> trace) {
        try {
            Path root = Files.createTempDirectory(TEMPORARY, "lockstep-log");
            try {
                new LogSchedule(seed, Files.createDirectory(root.resolve("current")), trace).run();
                return null;
            } catch (Exception | AssertionError wrong) {
                trace.accept("FAILURE " + wrong);
                return "seed " + seed + ": " + wrong;
            } finally {
                Folders.delete(root);
            }
        } catch (IOException unusable) {
            throw new IllegalStateException(unusable);
        }
    }

    private static AssertionError wrong(String how) {
        return new AssertionError(how);
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw wrong(what);
        }
    }

    private void run() throws IOException {
        trace.accept(onDisk ? "acknowledged when synced" : "acknowledged when written");
        for (int steps = random.nextInt(20, 70); steps > 0 && !refused; steps--) {
            try {
                act();
                settled();
                trace.accept("    " + disk);
            } catch (IOException | RuntimeException failure) {
                require(disk.hasEnded() || disk.syncHasFailed(), "it failed by itself: " + failure);
                settled();
            }
            if (disk.hasEnded() || disk.syncHasFailed()) {
                crash();
            }
        }
    }

    // The log

    private DirectRaftLog create() {
        loop = new ManualEventLoop();
        writes = new ManualEventLoop();
        failed = false;
        waiting.clear();
        return new DirectRaftLog(
                MEMBER,
                () -> checkpoint,
                properties,
                new Storage(folder.getParent().toFile()),
                new DirectRaftLog.Context(disk, new LogSyncer(loop, onDisk), () -> writes, clock),
                new Server(),
                new RecentEntries(8, 1 << 10));
    }

    private record Storage(File root) implements RaftStorage {

        @Override
        public void initialize() {}

        @Override
        public RaftStorageDirectory getStorageDir() {
            return new RaftStorageDirectory() {
                @Override
                public File getRoot() {
                    return root;
                }

                @Override
                public boolean isHealthy() {
                    return true;
                }
            };
        }

        @Override
        public RaftStorageMetadataFile getMetadataFile() {
            throw new UnsupportedOperationException();
        }

        @Override
        public RaftServerConfigKeys.Log.CorruptionPolicy getLogCorruptionPolicy() {
            return RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION;
        }

        @Override
        public void close() {}
    }

    private final class Server implements DirectRaftLog.Server {

        @Override
        public void truncated(LogEntryProto entry) {
            require(
                    entry.equals(entry(now.terms()[(int) entry.getIndex()], (int) entry.getIndex())),
                    "truncated another");
        }

        @Override
        public void flushed() {}

        @Override
        public boolean isOnlyVoter() {
            return false;
        }

        @Override
        public void failed(IOException cause) {
            failed = true;
        }
    }

    private LogEntryProto entry(long ofTerm, int index) {
        SplittableRandom content = new SplittableRandom(31 * (seed * 31 + ofTerm) + index);
        byte[] bytes = new byte[content.nextInt(8) == 0 ? content.nextInt(3_000) : content.nextInt(200)];
        content.nextBytes(bytes);
        return LogEntryProto.newBuilder()
                .setTerm(ofTerm)
                .setIndex(index)
                .setStateMachineLogEntry(StateMachineLogEntryProto.newBuilder().setLogData(ByteString.copyFrom(bytes)))
                .build();
    }

    private List<LogEntryProto> entries(Contents of, int from, int to) {
        List<LogEntryProto> entries = new ArrayList<>();
        for (int i = from; i < to; i++) {
            entries.add(entry(of.terms()[i], i));
        }
        return entries;
    }

    // What happens to it

    private void act() throws IOException {
        int what = random.nextInt(100);
        if (what < 35) {
            appendMore();
        } else if (what < 44) {
            appendOther();
        } else if (what < 50) {
            appendAgain();
        } else if (what < 62) {
            turn();
        } else if (what < 68) {
            commit();
        } else if (what < 73) {
            takeCheckpoint();
        } else if (what < 75) {
            install();
        } else if (what < 79) {
            marked = Math.max(marked, (int) Math.min(log.getFlushIndex(), committed));
        } else if (what < 88) {
            read();
        } else if (what < 90) {
            trace.accept("the next sync fails");
            disk.failNextSync();
        } else if (what < 95) {
            trace.accept("the process will end");
            disk.endProcessWithin(12);
        } else if (what < 96) {
            clock.slow = !clock.slow;
            trace.accept(clock.slow ? "the disk is slow" : "the disk is fast again");
        } else if (what < 97) {
            writes.run();
        } else if (what < 98) {
            closeAndReopen();
        } else {
            crash();
        }
    }

    private void appendMore() {
        term += random.nextInt(8) == 0 ? 1 : 0;
        int count = random.nextInt(1, 7);
        Contents more = now.with(term, count);
        trace.accept("appends " + count + " of term " + term + " at " + now.end());
        append(more, now.end());
    }

    /** An append by a leader whose log has other entries, some of which may be known. */
    private void appendOther() {
        int from = Math.max(committed, checkpoint) + 1;
        if (from >= now.end()) {
            return;
        }
        int replaced = random.nextInt(from, now.end());
        term++;
        Contents other = now.upTo(replaced).with(term, random.nextInt(1, 5));
        int known = start < 0 ? 0 : Math.min(random.nextInt(4), Math.max(0, replaced - start));
        trace.accept("replaces all from " + replaced + " by " + (other.end() - replaced) + " of term " + term);
        append(other, replaced - known);
    }

    private void append(Contents with, int from) {
        next = with;
        acknowledged = Math.min(acknowledged, now.common(with) - 1);
        List<LogEntryProto> entries = entries(with, from, with.end());
        List<CompletableFuture<Long>> answers = entries.size() == 1 && from == now.end() && random.nextBoolean()
                ? List.of(random.nextBoolean() ? appendEntry(entries.get(0)) : log.appendEntry(entries.get(0)))
                : log.append(entries);
        waiting.add(new Append(with.end() - 1, answers));
        if (answers.stream().noneMatch(CompletableFuture::isCompletedExceptionally)) {
            become(with);
        }
    }

    /** Appends as a leader does. */
    private CompletableFuture<Long> appendEntry(LogEntryProto entry) {
        return DirectRaftLog.writingAfter(log, () -> log.appendEntry(entry));
    }

    private void become(Contents with) {
        now = with;
        next = null;
        history.add(now);
        start = start < 0 && log.getLastEntryTermIndex() != null ? (int) log.getStartIndex() : start;
    }

    /** An append by a leader that has not got an answer to the one before. */
    private void appendAgain() {
        if (start >= 0 && start < now.end()) {
            int from = random.nextInt(start, now.end());
            int to = random.nextInt(from, now.end()) + 1;
            trace.accept("appends again " + from + " to " + (to - 1));
            waiting.add(new Append(to - 1, log.append(entries(now, from, to))));
        }
    }

    private void turn() {
        trace.accept("writes and syncs");
        writes.run();
        loop.run();
        loop.fire();
        loop.run();
        require(failed || log.getFlushIndex() == now.end() - 1, "it has not synced all: " + log.getFlushIndex());
    }

    private void commit() {
        log.updateCommitIndex(random.nextInt(-1, now.end()), term, false);
        committed = Math.max(committed, (int) log.getLastCommittedIndex());
        trace.accept("committed up to " + committed);
    }

    private void takeCheckpoint() {
        if (committed > checkpoint) {
            checkpoint = random.nextInt(checkpoint + 1, committed + 1);
            purging = true;
            int upTo = random.nextInt(4) == 0 ? random.nextInt(checkpoint + 1) : checkpoint;
            trace.accept("has a checkpoint at " + checkpoint + ", and is purged up to " + upTo);
            log.purge(upTo);
            purged();
        }
    }

    private void purged() {
        if (!failed) {
            require(
                    log.getStartIndex() <= checkpoint + 1,
                    "it begins at " + log.getStartIndex() + ", the checkpoint ends at " + checkpoint);
            require(log.getStartIndex() >= start || log.getStartIndex() < 0, "it begins earlier than before");
            start = (int) log.getStartIndex();
            purging = false;
        }
    }

    /** Another replica's checkpoint. */
    private void install() {
        checkpoint = now.end() - 1 + random.nextInt(10);
        if (checkpoint < 0) {
            return;
        }
        committed = Math.max(committed, checkpoint);
        trace.accept("a checkpoint at " + checkpoint + " is installed");
        next = now.upTo(checkpoint + 1);
        purging = true;
        log.onSnapshotInstalled(checkpoint);
        if (!failed) {
            require(log.getNextIndex() == checkpoint + 1, "it goes on at " + log.getNextIndex());
            acknowledged = -1;
            start = -1;
            become(next);
            purged();
        }
    }

    /** The end of the log that has been acknowledged by now. */
    private void settled() {
        int most = (next == null ? now.end() : now.common(next)) - 1;
        for (Append append : List.copyOf(waiting)) {
            if (append.answers().stream().allMatch(CompletableFuture::isDone)) {
                waiting.remove(append);
                if (append.answers().stream().noneMatch(CompletableFuture::isCompletedExceptionally)) {
                    acknowledged = Math.max(acknowledged, Math.min(append.last(), most));
                }
            }
        }
        acknowledged = Math.max(acknowledged, (int) Math.min(log.getFlushIndex(), most));
        if (next == null) {
            require(
                    log.getFlushIndex() <= Math.max(now.end() - 1, checkpoint),
                    "it is flushed up to " + log.getFlushIndex() + ", but ends at " + (now.end() - 1));
        }
    }

    private void read() throws IOException {
        for (int i = 0; i < 10; i++) {
            requireEntry(random.nextInt(-1, now.end() + 2));
        }
        if (start >= 0) {
            int from = random.nextInt(start, now.end());
            LogEntryHeader[] headers = log.getEntries(from, now.end());
            for (int i = 0; i < headers.length; i++) {
                require(
                        headers[i].getTermIndex().equals(termIndex(from + i)),
                        "entry " + (from + i) + " is " + headers[i]);
            }
            require(headers.length == now.end() - from, "there are " + headers.length + " entries from " + from);
        }
    }

    private TermIndex termIndex(int index) {
        return TermIndex.valueOf(now.terms()[index], index);
    }

    private void requireEntry(int index) throws IOException {
        boolean there = start >= 0 && index >= start && index < now.end();
        LogEntryProto entry = log.get(index);
        require(there == (entry != null), "entry " + index + (there ? " is gone" : " is there"));
        if (entry != null) {
            require(
                    entry.equals(entry(now.terms()[index], index)),
                    "entry " + index + " is another: of term " + entry.getTerm() + " at " + entry.getIndex());
            require(
                    termIndex(index).equals(log.getTermIndex(index)),
                    "the term of entry " + index + " is " + log.getTermIndex(index));
        }
    }

    // Ends and begins

    private void closeAndReopen() throws IOException {
        trace.accept("is closed");
        log.close();
        written = (int) log.written();
        disk.endProcess();
        reopen(false, flips());
    }

    private boolean flips() throws IOException {
        if (random.nextInt(4) != 0) {
            return false;
        }
        String where = disk.flip();
        trace.accept("a bit is flipped: " + where);
        return where != null;
    }

    private void crash() throws IOException {
        written = (int) log.written();
        boolean power = random.nextBoolean();
        trace.accept(power ? "loses its power" : "is killed");
        if (power) {
            disk.losePower();
            reopen(true, false);
        } else {
            disk.endProcess();
            reopen(false, flips());
        }
    }

    private void reopen(boolean powerLost, boolean flipped) throws IOException {
        boolean power = powerLost;
        if (random.nextInt(5) == 0) {
            disk.endProcessWithin(6);
        }
        while (true) {
            try {
                trace.accept("    " + disk);
                log = create();
                LogTailRepair.cutOff(disk, folder);
                LogTailRepair.forgetIfBehind(disk, folder, checkpoint);
                log.open(log.getSnapshotIndex(), entry -> {});
                marked = power && !onDisk ? -1 : marked;
                int last = (int) Math.max(log.getNextIndex() - 1, checkpoint);
                if (log.getStartIndex() > checkpoint + 1 || last < marked) {
                    throw new CorruptStateException("it is from " + log.getStartIndex() + " to " + last
                            + ", known to be committed is " + marked);
                }
                break;
            } catch (IOException | RuntimeException failure) {
                if (disk.hasEnded()) {
                    boolean again = random.nextBoolean();
                    trace.accept("ends while it is opened: " + (again ? "loses its power" : "is killed"));
                    if (again && !flipped) {
                        disk.losePower();
                        power = true;
                    } else {
                        disk.endProcess();
                    }
                } else if (flipped && CorruptionClassifier.of(failure) != null) {
                    trace.accept("is refused: " + failure);
                    refused = true;
                    return;
                } else {
                    throw new AssertionError("it can't be opened: " + failure, failure);
                }
            }
        }
        opened(power, flipped);
    }

    private void opened(boolean power, boolean flipped) throws IOException {
        boolean empty = log.getLastEntryTermIndex() == null;
        int from = (int) log.getStartIndex();
        int end = (int) log.getNextIndex();
        long[] terms = new long[end];
        for (int i = empty ? end : from; i < end; i++) {
            LogEntryProto entry = log.get(i);
            require(entry != null, "entry " + i + " is missing, but not those behind it");
            require(entry.equals(entry(entry.getTerm(), i)), "entry " + i + " is another");
            terms[i] = entry.getTerm();
        }
        String has = "the log has " + (empty ? "nothing" : from + " to " + (end - 1) + ": " + Arrays.toString(terms));
        trace.accept(has);
        List<Contents> possible = new ArrayList<>(power ? history : List.of(now));
        int least = power ? (onDisk ? acknowledged + 1 : 0) : Math.min(now.end(), Math.max(written, acknowledged) + 1);
        if (next != null) {
            possible.add(next);
            least = Math.min(least, now.common(next));
        }
        require(flipped || Math.max(end, checkpoint + 1) >= least, has + ", but it should reach " + least);
        require(
                power || purging || empty || from == start || (start < 0 && next != null) || flipped,
                has + ", but it began at " + start);
        Contents found = null;
        for (Contents one : possible) {
            boolean same = empty || (one.end() >= end && Arrays.equals(terms, from, end, one.terms(), from, end));
            found = same ? one : found;
        }
        require(found != null, has + ", but none of " + possible);
        int acknowledgedThere = onDisk && !flipped ? Math.min(acknowledged + 1, end) : 0;
        for (int i = empty ? end : from; i < acknowledgedThere; i++) {
            require(terms[i] == now.terms()[i], has + ", but " + now + " was acknowledged up to " + acknowledged);
        }
        now = found.upTo(empty ? checkpoint + 1 : end);
        next = null;
        purging = false;
        start = empty ? -1 : from;
        committed = Math.min(committed, Math.max(now.end() - 1, checkpoint));
        marked = Math.min(marked, committed);
        acknowledged = (int) log.getFlushIndex();
        if (power) {
            history.clear();
        }
        history.add(now);
        require(acknowledged == now.end() - 1, "it is flushed up to " + acknowledged + " when it is opened");
    }
}
