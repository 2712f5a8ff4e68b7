package dev.lockstep.cluster.meters;

import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.protocol.runtime.Time;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A disk whose writes and syncs are measured. Thread-safe as the disk itself is. */
public final class MeasuredDisk implements LogDisk {

    private final LogDisk disk;
    private final Time time;
    private final Counter written;
    private final Counter failures;
    private final Timer syncs;

    public MeasuredDisk(LogDisk disk, NodeMeters meters, Time time) {
        this.disk = disk;
        this.time = time;
        this.written = meters.counter(NodeMeter.LOG_WRITTEN);
        this.failures = meters.counter(NodeMeter.LOG_FAILURES);
        this.syncs = meters.timer(NodeMeter.LOG_SYNCS);
    }

    /** An operation on the disk. */
    private interface Operation {
        void run() throws IOException;
    }

    private void attempt(Operation operation) throws IOException {
        try {
            operation.run();
        } catch (IOException | RuntimeException failure) {
            failures.increment();
            throw failure;
        }
    }

    @Override
    public OpenFile open(Path file) throws IOException {
        return new MeasuredFile(disk.open(file));
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void delete(Path file) throws IOException {
        disk.delete(file);
    }

    @Override
    public void syncNames(Path folder) throws IOException {
        disk.syncNames(folder);
    }

    private final class MeasuredFile implements OpenFile {

        private final OpenFile file;

        MeasuredFile(OpenFile file) {
            this.file = file;
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public void write(long position, byte[] bytes, int length) throws IOException {
            attempt(() -> file.write(position, bytes, length));
            written.increment(length);
        }

        @Override
        public void sync() throws IOException {
            long begun = time.nanos();
            attempt(file::sync);
            syncs.record(time.nanos() - begun, TimeUnit.NANOSECONDS);
        }

        @Override
        public void cut(long length) throws IOException {
            attempt(() -> file.cut(length));
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
