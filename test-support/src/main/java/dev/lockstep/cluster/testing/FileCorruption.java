package dev.lockstep.cluster.testing;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** The ways in which a bad disk corrupts a file. */
public enum FileCorruption {
    /** One bit of it changes. */
    FLIP,
    /** A sector's worth of it, or what there is, becomes zeros. */
    ZERO,
    /** It ends earlier. */
    CUT,
    /** It is gone. */
    DELETE;

    private static final int SECTOR = 512;

    /** @param at the byte at which it happens; before the end of what is written */
    public void to(Path file, int at) throws IOException {
        int written = written(file);
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(at);
            switch (this) {
                case FLIP -> {
                    int before = bytes.read();
                    bytes.seek(at);
                    bytes.write(before ^ 1 << at % 8);
                }
                case ZERO -> bytes.write(new byte[Math.min(SECTOR, written - at)]);
                case CUT -> bytes.setLength(at);
                case DELETE -> Files.delete(file);
            }
        }
    }

    /** The length of the file up to its last byte that is not zero: what comes behind is zeros, which are not read. */
    public static int written(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--;
        }
        return end;
    }
}
