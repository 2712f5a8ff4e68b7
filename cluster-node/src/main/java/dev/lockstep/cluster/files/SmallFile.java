package dev.lockstep.cluster.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file that is written all at once, and outlasts a power cut. Stateless. */
public final class SmallFile {

    private SmallFile() {}

    /** Puts a text in the place of what the file was. Whatever happens, it is the one or the other. */
    public static void write(Path file, String text) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".draft");
        Files.writeString(draft, text);
        try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        syncNames(file.resolveSibling("."));
    }

    /** Has no effect if there is none. */
    public static void delete(Path file) throws IOException {
        if (Files.deleteIfExists(file)) {
            syncNames(file.resolveSibling("."));
        }
    }

    /** Makes what was created, renamed or deleted in a folder outlast a power cut. */
    public static void syncNames(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
