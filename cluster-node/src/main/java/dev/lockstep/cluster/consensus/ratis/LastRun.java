package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.snapshot.SmallFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whether a machine went down while a node that syncs in the background was running on it, which may have lost the last that the node
 * wrote. A file in the folder of the logs says that it runs, and in which life of the machine; it is deleted once all is synced. Not
 * thread-safe.
 */
final class LastRun {

    /** Linux gives the machine another one each time it starts. */
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final Path logs;
    private final Path file;
    private final @Nullable String machine;

    /** @param logs the folder of the node's logs */
    LastRun(Path logs) throws IOException {
        this.logs = logs;
        this.file = logs.resolve("running");
        this.machine = bootId();
    }

    /** Null where machines don't tell. */
    private static @Nullable String bootId() throws IOException {
        try {
            return Files.readString(BOOT_ID).strip();
        } catch (NoSuchFileException none) {
            return null;
        }
    }

    /** Whether this machine's lives can be told apart. */
    boolean canTell() {
        return machine != null;
    }

    /** Whether the machine went down since. */
    boolean wasCutShort() throws IOException {
        if (machine == null) {
            return false;
        }
        try {
            return !Files.readString(file).strip().equals(machine);
        } catch (NoSuchFileException endedWell) {
            return false;
        }
    }

    /** From now on it would be noticed. */
    void begin() throws IOException {
        if (machine != null) {
            SmallFile.write(file, machine + "\n");
        }
    }

    /** Nothing is written any more: syncs all that was. */
    void end() throws IOException {
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
