package dev.lockstep.cluster.cli;

import dev.lockstep.cluster.snapshot.CheckpointReader;
import dev.lockstep.cluster.snapshot.CorruptCheckpointException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * A backup in a folder: a checkpoint of each shard, one of the list of caches, and a manifest that is written last, so that a
 * backup which was not finished has none. The manifest is text: {@code key value…} a line, and a checksum at the end.
 */
final class BackupFolder {

    private static final String MANIFEST = "manifest";
    private static final String TITLE = "lockstep-backup 1";
    static final String CACHES = "caches";

    private final Path folder;

    /**
     * One file of a backup.
     *
     * @param position of the shard's log; 0 for the caches
     * @param crc CRC32C of the file, as hexadecimal
     */
    record Part(String name, long bytes, String crc, long position) {

        private String line() {
            return "part " + name + " " + bytes + " " + crc + " " + position;
        }

        private static Part of(String line) {
            String[] words = line.split(" ");
            return new Part(words[1], Long.parseLong(words[2]), words[3], Long.parseLong(words[4]));
        }
    }

    /** @param taken when it was begun, as ISO 8601 */
    record Manifest(String cluster, String taken, List<Part> parts) {

        List<Part> shards() {
            return parts.stream().filter(part -> !part.name().equals(CACHES)).toList();
        }
    }

    private BackupFolder(Path folder) {
        this.folder = folder;
    }

    /** @throws RefusedException when there is something in it already */
    static BackupFolder create(Path folder) throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> files = Files.list(folder)) {
            if (files.findAny().isPresent()) {
                throw new RefusedException(
                        "The folder " + folder + " is not empty; a backup needs one of its own. Name another");
            }
        }
        return new BackupFolder(folder);
    }

    static BackupFolder open(Path folder) {
        return new BackupFolder(folder);
    }

    static String shard(int shard) {
        return "shard-" + shard;
    }

    Path file(String part) {
        return folder.resolve(part + ".checkpoint");
    }

    /** Syncs a file, and reads it to the end. */
    Part finish(String name, long position, Consumer<byte[]> record) throws IOException {
        Path file = file(name);
        sync(file);
        read(name, record);
        return new Part(name, Files.size(file), crc(file), position);
    }

    /** @throws CorruptCheckpointException when it is not what was written */
    void read(String name, Consumer<byte[]> record) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file(name)), 256 * 1024)) {
            CheckpointReader.read(in, record);
        }
    }

    /** Makes a backup of the files that are there. */
    void seal(Manifest manifest) throws IOException {
        StringBuilder text = new StringBuilder(TITLE + "\n");
        text.append("cluster ").append(manifest.cluster()).append('\n');
        text.append("taken ").append(manifest.taken()).append('\n');
        manifest.parts().forEach(part -> text.append(part.line()).append('\n'));
        Path draft = folder.resolve(MANIFEST + ".draft");
        Files.writeString(draft, text + "end " + crc(text.toString()) + "\n");
        sync(draft);
        Files.move(draft, folder.resolve(MANIFEST), StandardCopyOption.ATOMIC_MOVE);
        sync(folder);
    }

    /**
     * Reads the manifest, and every byte of every part.
     *
     * @throws RefusedException when this is no backup, or not all of one, or not what was written
     */
    Manifest verified() throws IOException {
        Manifest manifest = manifest();
        for (Part part : manifest.parts()) {
            Path file = file(part.name());
            try {
                if (Files.size(file) != part.bytes() || !crc(file).equals(part.crc())) {
                    throw new RefusedException(
                            "The backup is corrupt: " + file + " is not the file that was written. Use another backup");
                }
                read(part.name(), record -> {});
            } catch (NoSuchFileException missing) {
                throw new RefusedException("The backup is incomplete: " + file + " is missing. Use another backup");
            } catch (CorruptCheckpointException corrupt) {
                throw new RefusedException("The backup is corrupt: " + file + ": " + corrupt.getMessage());
            }
        }
        return manifest;
    }

    private Manifest manifest() throws IOException {
        Path file = folder.resolve(MANIFEST);
        if (!Files.exists(file)) {
            throw new RefusedException(folder + " is no backup, or one that was not finished: it has no " + MANIFEST);
        }
        String text = Files.readString(file);
        int end = text.lastIndexOf("end ");
        if (!text.startsWith(TITLE + "\n")) {
            throw new RefusedException(file + " does not begin with \"" + TITLE + "\": it is no backup of Lockstep,"
                    + " or of another version");
        }
        if (end < 0 || !text.substring(end).equals("end " + crc(text.substring(0, end)) + "\n")) {
            throw new RefusedException("The backup is corrupt: " + file + " is not the file that was written");
        }
        List<String> lines = text.substring(0, end).lines().toList();
        List<Part> parts = new ArrayList<>();
        lines.stream().skip(3).forEach(line -> parts.add(Part.of(line)));
        return new Manifest(
                lines.get(1).substring("cluster ".length()), lines.get(2).substring("taken ".length()), parts);
    }

    private static String crc(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    private static String crc(Path file) throws IOException {
        CRC32C crc = new CRC32C();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[64 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                crc.update(buffer, 0, read);
            }
        }
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    private static void sync(Path path) throws IOException {
        try (FileChannel channel =
                FileChannel.open(path, Files.isDirectory(path) ? StandardOpenOption.READ : StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }
}
