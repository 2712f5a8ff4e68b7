package dev.lockstep.cluster.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detects that a machine went down while a node that syncs in the background was running on it, or that its disk failed: both may have
 * lost what the node wrote last. A file in the folder of the logs says that it runs, and in which life of the machine; it is deleted once all is synced. Not
 * thread-safe.
 */
public final class UncleanShutdown {

    private static final Logger LOG = LoggerFactory.getLogger(UncleanShutdown.class);

    /** Linux gives the machine another one each time it starts. */
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final Path logs;
    private final Path file;
    private final @Nullable String machine;

    /** @param logs the folder of the node's logs */
    public UncleanShutdown(Path logs) {
        this.logs = logs;
        this.file = logs.resolve("running");
        this.machine = bootId();
    }

    /** Null where machines don't tell. */
    private static @Nullable String bootId() {
        try {
            return Files.readString(BOOT_ID).strip();
        } catch (IOException none) {
            return null;
        }
    }

    /** Tells whether restarts of this machine can be detected. */
    public boolean canTell() {
        return machine != null;
    }

    /** Tells whether the machine went down since, or the disk failed. */
    public boolean wasCutShort() throws IOException {
        if (machine == null) {
            return false;
        }
        try {
            return !Files.readString(file).strip().equals(machine);
        } catch (NoSuchFileException endedWell) {
            return false;
        }
    }

    /** @param matters whether it is to be noticed from now on */
    public void begin(boolean matters) throws IOException {
        if (matters && machine != null) {
            SmallFile.write(file, machine + "\n");
        } else {
            SmallFile.delete(file);
        }
    }

    /** The disk failed: which writes have reached it is unknown, whatever it reports from now on. */
    public void doubt() {
        try {
            SmallFile.write(file, "its disk failed\n");
        } catch (IOException failedStill) {
            LOG.warn("Could not record in {} that the disk failed", file, failedStill);
        }
    }

    /** Records a clean end, once nothing is written any more, after syncing all that was. */
    public void end() throws IOException {
        try (Stream<Path> all = Files.walk(logs)) {
            for (Path one : all.toList()) {
                try (FileChannel channel = FileChannel.open(one, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            }
        }
        SmallFile.delete(file);
    }
}
