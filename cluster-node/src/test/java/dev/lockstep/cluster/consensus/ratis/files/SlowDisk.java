package dev.lockstep.cluster.consensus.ratis.files;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The operating system's disk, of which some files take no writes while they are held, or take their time. Thread-safe. */
public final class SlowDisk implements LogDisk {

    private static final long LONGEST_HOLD_SECONDS = 90;

    private final Set<Thread> held = ConcurrentHashMap.newKeySet();
    private volatile Predicate<Path> writes = file -> false;
    private volatile Predicate<Path> syncs = file -> false;
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile long delayNanos;
    private volatile boolean fails;
    private volatile @Nullable Thread lastWriter;

    /** Makes writes to such files and syncs of them wait from now on. */
    public void hold(Predicate<Path> which) {
        holdSyncs(which);
        writes = which;
    }

    /** Makes syncs of such files wait from now on; writes go to the memory of the operating system. */
    public void holdSyncs(Predicate<Path> which) {
        if (gate.getCount() == 0) {
            gate = new CountDownLatch(1);
        }
        syncs = which;
    }

    /** Lets the threads that wait go on, and all others pass. */
    public void release() {
        writes = file -> false;
        syncs = file -> false;
        gate.countDown();
    }

    /** Makes each write to any file take so long from now on. */
    public void delay(long nanos) {
        delayNanos = nanos;
    }

    /** Makes each write fail from now on, or none. */
    public void fail(boolean all) {
        fails = all;
    }

    /** The thread that wrote last. */
    public @Nullable Thread lastWriter() {
        return lastWriter;
    }

    /** The threads that wait. */
    public Set<Thread> held() {
        return Set.copyOf(held);
    }

    @Override
    public OpenFile open(Path file) throws IOException {
        return new SlowFile(file, SYSTEM.open(file));
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

    private void pass(Path file) {
        long until = System.nanoTime() + delayNanos;
        while (delayNanos > 0 && until - System.nanoTime() > 0) {
            LockSupport.parkNanos(until - System.nanoTime());
        }
        pass(file, writes);
    }

    private void pass(Path file, Predicate<Path> which) {
        if (which.test(file)) {
            held.add(Thread.currentThread());
            try {
                awaitRelease();
            } finally {
                held.remove(Thread.currentThread());
            }
        }
    }

    /** Waits as a write does, whose thread an interrupt leaves where it is. */
    private void awaitRelease() {
        boolean interrupted = false;
        while (true) {
            try {
                if (!gate.await(LONGEST_HOLD_SECONDS, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("held for " + LONGEST_HOLD_SECONDS + " s");
                }
                break;
            } catch (InterruptedException ignored) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private final class SlowFile implements OpenFile {

        private final Path path;
        private final OpenFile file;

        SlowFile(Path path, OpenFile file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public void write(long position, byte[] bytes, int length) throws IOException {
            pass(path);
            if (fails) {
                throw new IOException("Input/output error");
            }
            file.write(position, bytes, length);
            lastWriter = Thread.currentThread();
        }

        @Override
        public void sync() throws IOException {
            pass(path, syncs);
            file.sync();
        }

        @Override
        public void cut(long length) throws IOException {
            pass(path, syncs);
            file.cut(length);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
