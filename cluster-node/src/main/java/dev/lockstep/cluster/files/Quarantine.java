package dev.lockstep.cluster.files;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.TreeMap;

/** Moves folders with something corrupt to where people can look at them. Stateless. */
public final class Quarantine {

    /** The most folders of the same name that are kept: the newest. */
    private static final int MOST = 3;

    private Quarantine() {}

    /**
     * Moves a folder to {@code quarantined/<name>.<number>} beside it. That outlasts a power cut.
     *
     * @return where it is now
     */
    public static Path move(Path damaged, String name) throws IOException {
        Path quarantine = Files.createDirectories(damaged.resolveSibling("quarantined"));
        TreeMap<Integer, Path> earlier = new TreeMap<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(quarantine, name + ".*")) {
            for (Path one : all) {
                earlier.put(Integer.parseInt(one.getFileName().toString().substring(name.length() + 1)), one);
            }
        }
        Path to = quarantine.resolve(name + "." + (earlier.isEmpty() ? 1 : earlier.lastKey() + 1));
        Files.move(damaged, to, StandardCopyOption.ATOMIC_MOVE);
        while (earlier.size() >= MOST) {
            Folders.delete(earlier.pollFirstEntry().getValue());
        }
        SmallFile.syncNames(quarantine);
        SmallFile.syncNames(quarantine.resolveSibling("."));
        return to;
    }
}
