package dev.lockstep.cli;

import dev.lockstep.cluster.checkpoint.CheckpointFiles;
import dev.lockstep.cluster.checkpoint.CheckpointReader;
import dev.lockstep.cluster.checkpoint.CorruptCheckpointException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.Checksum;

/**
 * A backup in a folder: a checkpoint of each shard, one of the list of caches, and a manifest that is written last, so that a
 * backup which was not finished has none. The manifest is text: {@code key value…} a line, and a checksum at the end.
 */
final class BackupFolder {

    private static final String MANIFEST = "manifest";
    private static final String TITLE = "lockstep-backup 1";
    static final String CACHES = "caches";

    private final Path folder;
    private final CheckpointFiles files;

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

    private BackupFolder(Path folder) throws IOException {
        this.folder = folder;
        this.files = CheckpointFiles.in(folder);
    }

    /** @throws RefusedException when there is something in it already */
    static BackupFolder create(Path folder) throws IOException {
        BackupFolder created = new BackupFolder(folder);
        if (!created.files.names().isEmpty()) {
            throw new RefusedException(
                    "The folder " + folder + " is not empty; a backup needs one of its own. Name another");
        }
        return created;
    }

    /** @throws RefusedException when there is no such folder */
    static BackupFolder open(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new RefusedException(folder + " is no backup: there is no such folder");
        }
        return new BackupFolder(folder);
    }

    static String shard(int shard) {
        return "shard-" + shard;
    }

    private static String file(String part) {
        return part + ".checkpoint";
    }

    /** Writes a piece of a part; at offset 0 it is started again. */
    void write(String part, long offset, byte[] piece) throws IOException {
        if (offset == 0) {
            files.delete(file(part));
        }
        files.write(file(part), offset, piece);
    }

    /** A part that is written as a whole; to be closed. */
    OutputStream create(String part) throws IOException {
        return files.create(file(part));
    }

    /** Syncs a part, and reads it to the end. */
    Part finish(String part, long position, Consumer<byte[]> record) throws IOException {
        files.sync(file(part));
        String crc = read(part, record);
        return new Part(part, files.size(file(part)), crc, position);
    }

    /**
     * @return CRC32C of the part, as hexadecimal
     * @throws CorruptCheckpointException when it is not a whole checkpoint
     */
    String read(String part, Consumer<byte[]> record) throws IOException {
        try (CheckedInputStream in = new CheckedInputStream(files.read(file(part)), new CRC32C())) {
            CheckpointReader.read(in, record); // to the end
            return hex(in.getChecksum());
        }
    }

    /** Makes a backup of the files that are there. */
    void seal(Manifest manifest) throws IOException {
        StringBuilder text = new StringBuilder(TITLE + "\n");
        text.append("cluster ").append(manifest.cluster()).append('\n');
        text.append("taken ").append(manifest.taken()).append('\n');
        manifest.parts().forEach(part -> text.append(part.line()).append('\n'));
        String whole = text + "end " + crc(text.toString()) + "\n";
        String draft = MANIFEST + ".draft";
        files.write(draft, 0, whole.getBytes(StandardCharsets.UTF_8));
        files.sync(draft);
        files.rename(draft, MANIFEST);
        files.syncNames();
    }

    /**
     * Reads the manifest, and every byte of every part.
     *
     * @throws RefusedException when this is no backup, or not all of one, or not what was written
     */
    Manifest verified() throws IOException {
        Manifest manifest = manifest();
        for (Part part : manifest.parts()) {
            Path file = folder.resolve(file(part.name()));
            try {
                if (files.size(file(part.name())) != part.bytes()
                        || !read(part.name(), record -> {}).equals(part.crc())) {
                    throw new RefusedException(
                            "The backup is corrupt: " + file + " is not the file that was written. Use another backup");
                }
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
            throw new RefusedException(file + " begins with \""
                    + text.lines().findFirst().orElse("")
                    + "\", not with \"" + TITLE + "\": it is no backup of Lockstep, or one that another version has"
                    + " written. Restore it with that version");
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
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return hex(crc);
    }

    private static String hex(Checksum crc) {
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
