package dev.lockstep.cluster.files;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every few seconds whether a node's Raft logs can still be written, because Ratis (3.3.0) does not tell of everything
 * that fails: not of a sync in the background, of a vote that could not be written, of a call that never returns, and of a
 * full disk only when it next needs room. Thread-safe; the looking is done on a thread of its own, and watched from another.
 */
public final class DiskMonitor implements AutoCloseable {

    /** The one file of a log that is written, as Ratis names it. */
    public static final String OPEN_FILE = "log_inprogress_*";

    private static final Logger LOG = LoggerFactory.getLogger(DiskMonitor.class);
    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(3);
    /** Longer than a busy disk takes, shorter than any caller waits. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final int PROBE_BYTES = 64 << 10;

    private final Path folder;
    private final boolean syncsLogs;
    private final Time time;
    private final EventLoop watching;
    private final Consumer<IOException> failed;
    private final EventLoop looking;
    private final Map<Path, OpenLog> logs = new HashMap<>();
    private @Nullable FileChannel probe;
    private volatile long since;
    private volatile boolean busy;

    /** A log's last file; {@code synced} is when it had last been changed before it was last synced. */
    private record OpenLog(FileChannel channel, FileTime synced) {}

    /**
     * @param folder of the node's Raft logs
     * @param syncsLogs whether it syncs the logs too, because nothing else does
     * @param node names the thread
     * @param watching notices when a probe takes too long
     * @param failed told, on any thread, of what is wrong with the disk
     */
    public DiskMonitor(
            Path folder, boolean syncsLogs, NodeId node, Time time, EventLoop watching, Consumer<IOException> failed) {
        this.folder = folder;
        this.syncsLogs = syncsLogs;
        this.time = time;
        this.watching = watching;
        this.failed = failed;
        this.looking = EventLoop.threaded("raft-" + node + "-disk");
        looking.schedule(EVERY_NANOS, this::look);
        watching.schedule(EVERY_NANOS, this::watch);
    }

    /** The root cause of a failure, such as "No space left on device". */
    public static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        // Of a file that is missing, the message is only its name.
        return cause.getMessage() == null || cause instanceof NoSuchFileException
                ? cause.toString()
                : cause.getMessage();
    }

    private void look() {
        since = time.nanos();
        busy = true;
        try {
            probe();
            if (syncsLogs) {
                syncLogs();
            }
        } catch (IOException failure) {
            failed.accept(failure);
        } finally {
            busy = false;
            looking.schedule(EVERY_NANOS, this::look);
        }
    }

    /** Takes room and gives it back; on a file that stays open, since it is not for this to need another. */
    private void probe() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(PROBE_BYTES);
        try {
            FileChannel file = probe;
            if (file == null) {
                file = FileChannel.open(
                        folder.resolve("disk-probe"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                probe = file;
            }
            while (bytes.hasRemaining()) {
                file.write(bytes, bytes.position());
            }
            file.force(true);
            file.truncate(0);
        } catch (IOException failure) {
            throw new IOException("writing a file of " + PROBE_BYTES + " bytes: " + reason(failure), failure);
        }
    }

    /**
     * Syncs the logs, since Ratis does not report a sync of its own that fails in the background. Each open file is
     * told of a failed sync once (Linux), so ours are told too, if they were open by then.
     */
    private void syncLogs() throws IOException {
        List<Path> last = lastFiles();
        for (Path file : last) {
            try {
                if (!logs.containsKey(file)) {
                    logs.put(
                            file, new OpenLog(FileChannel.open(file, StandardOpenOption.READ), FileTime.fromMillis(0)));
                }
            } catch (NoSuchFileException renamed) {
                LOG.trace("{} is no longer the last file of a log", file);
            }
        }
        for (Iterator<Map.Entry<Path, OpenLog>> each = logs.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<Path, OpenLog> log = each.next();
            if (last.contains(log.getKey())) {
                log.setValue(syncIfChanged(log.getKey(), log.getValue()));
            } else { // full, and renamed
                sync(log.getKey(), log.getValue().channel());
                log.getValue().channel().close();
                each.remove();
            }
        }
    }

    private static OpenLog syncIfChanged(Path file, OpenLog log) throws IOException {
        FileTime changed;
        try {
            changed = Files.getLastModifiedTime(file);
        } catch (NoSuchFileException renamed) {
            return log;
        }
        if (!changed.equals(log.synced())) {
            sync(file, log.channel());
        }
        return new OpenLog(log.channel(), changed);
    }

    private static void sync(Path file, FileChannel channel) throws IOException {
        try {
            channel.force(false);
        } catch (IOException failure) {
            throw new IOException("syncing " + file + ": " + reason(failure), failure);
        }
    }

    /** Each group's, as Ratis names it; groups may come and go meanwhile. */
    private List<Path> lastFiles() throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> groups = Files.newDirectoryStream(folder, Files::isDirectory)) {
            for (Path group : groups) {
                try (DirectoryStream<Path> logFiles = Files.newDirectoryStream(group.resolve("current"), OPEN_FILE)) {
                    logFiles.forEach(files::add);
                } catch (NoSuchFileException none) {
                    LOG.trace("{} has no log", group);
                }
            }
        }
        return files;
    }

    private void watch() {
        if (busy && time.nanos() - since > PATIENCE_NANOS) {
            failed.accept(new IOException("nothing could be written and synced within "
                    + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS) + " s"));
        }
        watching.schedule(EVERY_NANOS, this::watch);
    }

    /** Waits five seconds at most. */
    @Override
    public void close() throws IOException {
        looking.close();
        if (!busy) { // else it hangs, and closing would too
            if (probe != null) {
                probe.close();
            }
            for (OpenLog log : logs.values()) {
                log.channel().close();
            }
        }
    }
}
