package dev.lockstep.cluster.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Deletes folders with all that is in them. Stateless. */
public final class Folders {

    private Folders() {}

    /** Has no effect if there is none. What is left after a failure is a part of it. */
    public static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        SmallFile.syncNames(folder.resolveSibling("."));
    }
}
