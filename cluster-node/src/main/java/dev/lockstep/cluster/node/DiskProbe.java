package dev.lockstep.cluster.node;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeFact;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tries the disks of a node: how much is free where least is, and how long small writes beside the Raft logs take until they are synced.
 * One try at a time. Thread-safe.
 */
final class DiskProbe implements AutoCloseable {

    private static final String FILE = "probe.tmp";
    private static final int WRITES = 5;
    private static final int BYTES = 4096;
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(1_200);

    private final Path logs;
    private final Path data;
    private final Time time;
    /** Made for the first try: most nodes are never asked. */
    private @Nullable EventLoop disk;

    private @Nullable CompletableFuture<Map<NodeFact, String>> trying;
    private long beganNanos;

    /**
     * @param logs the folder of the Raft logs
     * @param data the folder of all else
     */
    DiskProbe(Path logs, Path data, Time time) {
        this.logs = logs;
        this.data = data;
        this.time = time;
    }

    /**
     * Tries the disk, or waits for the try that is under way.
     *
     * @param loop on which a disk that hangs is noticed
     */
    synchronized CompletableFuture<Map<NodeFact, String>> attempt(EventLoop loop) {
        CompletableFuture<Map<NodeFact, String>> now = trying;
        if (now == null) {
            CompletableFuture<Map<NodeFact, String>> begun = new CompletableFuture<>();
            now = begun;
            trying = begun;
            beganNanos = time.nanos();
            if (disk == null) {
                disk = EventLoop.threaded("lockstep-disk-probe");
            }
            disk.execute(() -> {
                begun.complete(attempt());
                ended();
            });
        }
        long began = beganNanos;
        CompletableFuture<Map<NodeFact, String>> answer = now.copy();
        loop.schedule(
                PATIENCE_NANOS, () -> answer.complete(syncing(new EnumMap<>(NodeFact.class), time.nanos() - began)));
        return answer;
    }

    private synchronized void ended() {
        trying = null;
    }

    private static Map<NodeFact, String> syncing(Map<NodeFact, String> facts, long nanos) {
        facts.put(NodeFact.DISK_SYNC_MICROS, Long.toString(TimeUnit.NANOSECONDS.toMicros(nanos)));
        return facts;
    }

    private Map<NodeFact, String> attempt() {
        Map<NodeFact, String> facts = new EnumMap<>(NodeFact.class);
        Path file = logs.resolve(FILE);
        try {
            FileStore store = fullest();
            facts.put(NodeFact.DISK_FREE_BYTES, Long.toString(store.getUsableSpace()));
            facts.put(NodeFact.DISK_TOTAL_BYTES, Long.toString(store.getTotalSpace()));
            long[] nanos = new long[WRITES];
            try (FileChannel channel = FileChannel.open(
                    file,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.DELETE_ON_CLOSE)) {
                for (int i = 0; i < WRITES; i++) {
                    long began = time.nanos();
                    channel.write(ByteBuffer.allocate(BYTES));
                    channel.force(false);
                    nanos[i] = time.nanos() - began;
                }
            }
            Arrays.sort(nanos);
            syncing(facts, nanos[WRITES / 2]);
        } catch (IOException failure) {
            facts.put(NodeFact.DISK_FAILURE, failure.toString());
        }
        return facts;
    }

    private FileStore fullest() throws IOException {
        FileStore ofLogs = Files.getFileStore(logs);
        FileStore ofData = Files.getFileStore(data);
        return share(ofLogs) < share(ofData) ? ofLogs : ofData;
    }

    private static double share(FileStore store) throws IOException {
        return (double) store.getUsableSpace() / Math.max(1, store.getTotalSpace());
    }

    @Override
    public void close() {
        EventLoop last;
        synchronized (this) {
            last = disk;
        }
        if (last != null) {
            last.close(); // waits for the try that is under way
        }
    }
}
