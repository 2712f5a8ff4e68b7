package dev.lockstep.cluster.consensus.ratis.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentFilesTest {

    @TempDir
    Path home;

    private final FailingDisk disk = new FailingDisk();

    private SegmentFiles open(long segmentBytes) throws IOException {
        RaftStorage storage = RaftStorage.newBuilder()
                .setDirectory(home.toFile())
                .setStorageFreeSpaceMin(SizeInBytes.valueOf(0))
                .setLogCorruptionPolicy(RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION)
                .setOption(RaftStorage.StartupOption.FORMAT)
                .build();
        storage.initialize();
        SegmentFiles files =
                SegmentFiles.open(disk, storage, segmentBytes, 4 << 10, SizeInBytes.valueOf("4MB"), entry -> {});
        storage.close();
        return files;
    }

    private static List<LogEntryProto> entries(long term, long from, long to) {
        ByteString content = ByteString.copyFrom(new byte[100]);
        return LongStream.range(from, to)
                .mapToObj(index -> LogEntryProto.newBuilder()
                        .setTerm(term)
                        .setIndex(index)
                        .setStateMachineLogEntry(
                                StateMachineLogEntryProto.newBuilder().setLogData(content))
                        .build())
                .toList();
    }

    /** The operating system's disk, which counts the files that are open and fails the syncs on demand. */
    private static final class FailingDisk implements LogDisk {

        private final AtomicInteger open = new AtomicInteger();
        private boolean failed;

        @Override
        public OpenFile open(Path path) throws IOException {
            OpenFile file = SYSTEM.open(path);
            open.incrementAndGet();
            return new OpenFile() {
                @Override
                public long length() throws IOException {
                    return file.length();
                }

                @Override
                public void write(long position, byte[] bytes, int length) throws IOException {
                    file.write(position, bytes, length);
                }

                @Override
                public void sync() throws IOException {
                    requireWorking();
                    file.sync();
                }

                @Override
                public void cut(long length) throws IOException {
                    requireWorking();
                    file.cut(length);
                }

                @Override
                public void close() throws IOException {
                    open.decrementAndGet();
                    file.close();
                }
            };
        }

        private void requireWorking() throws IOException {
            if (failed) {
                throw new IOException("the disk failed");
            }
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            SYSTEM.rename(from, to);
        }

        @Override
        public void delete(Path file) throws IOException {
            SYSTEM.delete(file);
        }

        @Override
        public void syncNames(Path folder) throws IOException {
            SYSTEM.syncNames(folder);
        }
    }

    @Test
    void closingAfterAFailedSyncClosesAllFiles() throws IOException {
        SegmentFiles files = open(64 << 10);
        files.append(entries(1, 0, 2_000));
        assertThat(disk.open).hasValueGreaterThan(3);
        disk.failed = true;
        assertThatThrownBy(files::sync).hasMessage("the disk failed");
        assertThatThrownBy(files::close).hasRootCauseMessage("the disk failed");
        assertThat(disk.open).hasValue(0);
    }

    @Test
    void aReadDuringATruncationKeepsNoTruncatedEntryInMemory() throws Exception {
        SegmentFiles files = open(4 << 20);
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong position = new AtomicLong();
        AtomicReference<Throwable> failed = new AtomicReference<>();
        Thread reader = new Thread(() -> {
            while (!over.get()) {
                try {
                    files.read(position.get());
                } catch (IOException | RuntimeException failure) {
                    failed.set(failure);
                }
            }
        });
        reader.start();
        try {
            for (long round = 0; round < 60; round++) {
                long first = 200 * round;
                files.append(entries(2 * round, first, first + 1_000));
                position.set(first + 199);
                files.truncate(first + 200);
                files.append(entries(2 * round + 1, first + 200, first + 400));
                assertThat(files.read(first + 300).getTerm()).isEqualTo(2 * round + 1);
                files.truncate(first + 200);
            }
        } finally {
            over.set(true);
            reader.join();
        }
        files.close();
        assertThat(failed).hasValue(null);
    }

    /** Ratis interrupts its threads, and a channel that an interrupted thread uses is closed. */
    @Test
    void anInterruptedThreadReadsWritesAndTruncates() throws Exception {
        SegmentFiles files = open(64 << 10);
        files.append(entries(1, 0, 2_000));
        Thread.currentThread().interrupt();
        try {
            assertThat(files.read(10).getIndex()).isEqualTo(10);
            files.truncate(1_990);
            files.append(entries(2, 1_990, 3_000));
            files.sync();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(files.read(1_995).getTerm()).isEqualTo(2);
        files.close();
    }
}
