package dev.lockstep.benchmarks.transports;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Counts the flushes of a folder's device, as Linux does in {@code /proc/diskstats}. Stateless. */
final class DiskFlushes {

    private static final Path STATISTICS = Path.of("/proc/diskstats");
    private static final int NAME = 2;
    /** Kernels before 5.5 don't have it. */
    private static final int FLUSHES = 18;

    private DiskFlushes() {}

    /** Counts those since the machine started; 0 if the folder is on no device of that file. */
    static long of(Path folder) throws IOException {
        if (!Files.exists(STATISTICS)) {
            return 0;
        }
        Path device = Path.of(Files.getFileStore(folder).name()).getFileName();
        for (String line : Files.readAllLines(STATISTICS)) {
            String[] words = line.trim().split("\\s+");
            if (words.length > FLUSHES && words[NAME].equals(String.valueOf(device))) {
                return Long.parseLong(words[FLUSHES]);
            }
        }
        return 0;
    }
}
