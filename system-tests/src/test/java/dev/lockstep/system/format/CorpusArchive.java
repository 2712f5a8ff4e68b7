package dev.lockstep.system.format;

import dev.lockstep.protocol.topology.ClusterVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * One cluster of the corpus: the data folders of its nodes in a zip, in which the zeros of a log that was preallocated take no room.
 *
 * @param version of the cluster
 * @param store of its nodes, as in their settings
 */
record CorpusArchive(ClusterVersion version, String store) {

    private static final Pattern NAME = Pattern.compile("version-(\\d+)-(heap|rocksdb)\\.zip");

    /** Files that belong to a process or a machine, and are made anew. */
    private static final Pattern LEFT_OUT = Pattern.compile("lock|LOCK|running|LOG.*|rocksdb-library/.*|rocksdb/LO.*");

    static CorpusArchive of(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (!name.matches()) {
            throw new IllegalArgumentException("There is something else in the corpus: " + file);
        }
        return new CorpusArchive(new ClusterVersion(Integer.parseInt(name.group(1))), name.group(2));
    }

    String fileName() {
        return "version-" + version + "-" + store + ".zip";
    }

    /**
     * Packs the data folders of nodes.
     *
     * @param home has a folder for each node, with its {@code data}
     */
    void pack(Path home, List<String> nodes, Path folder) throws IOException {
        try (OutputStream file = Files.newOutputStream(folder.resolve(fileName()));
                ZipOutputStream zip = new ZipOutputStream(file)) {
            zip.setLevel(Deflater.BEST_COMPRESSION);
            for (String node : nodes) {
                Path data = home.resolve(node).resolve("data");
                try (Stream<Path> files = Files.walk(data)) {
                    for (Path one : files.filter(Files::isRegularFile).sorted().toList()) {
                        Path name = data.relativize(one);
                        if (!LEFT_OUT.matcher(name.toString()).matches()) {
                            ZipEntry entry = new ZipEntry(node + "/data/" + name);
                            entry.setTime(0);
                            zip.putNextEntry(entry);
                            Files.copy(one, zip);
                        }
                    }
                }
            }
        }
    }

    /** Unpacks what {@link #pack} has packed. */
    static void unpack(Path file, Path home) throws IOException {
        try (InputStream in = Files.newInputStream(file);
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path one = home.resolve(entry.getName());
                Files.createDirectories(one.getParent());
                Files.copy(zip, one);
            }
        }
    }
}
