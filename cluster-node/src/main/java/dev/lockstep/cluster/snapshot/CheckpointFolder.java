package dev.lockstep.cluster.snapshot;

import dev.lockstep.cluster.consensus.LogMachine.Restoration;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the checkpoints of one replica are kept, normally one: a file for each, which gets its name when it is whole, on the
 * disk, and has been read again; only then are older ones deleted. Not thread-safe, but files may be read while others are
 * written.
 */
public final class CheckpointFolder {

    private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,18})-(\\d{1,18})");
    /** What is being written. */
    private static final String DRAFT = ".draft";
    /** What is coming from another replica. */
    private static final String PART = ".part";

    private static final int BUFFER = 256 * 1024;

    private final Path folder;
    private final int group;

    /** Deletes what was not finished before. */
    public CheckpointFolder(Path folder, int group) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.group = group;
        for (Path file : files()) {
            if (name(file).endsWith(DRAFT) || name(file).endsWith(PART)) {
                Files.delete(file);
            }
        }
    }

    /**
     * Restores from the newest that is intact.
     *
     * @param restorations gives a new one for each that is tried; {@code done} is left to the caller
     * @return null if there is none
     * @throws CorruptCheckpointException if there are some, and none of them is intact
     */
    @Nullable
    Restored restore(Supplier<Restoration> restorations) throws IOException {
        CorruptCheckpointException corrupt = null;
        for (CheckpointId id : kept()) {
            try {
                Restoration restoration = restorations.get();
                read(file(id), id, restoration::record);
                return new Restored(id, restoration);
            } catch (CorruptCheckpointException failure) {
                corrupt = corrupt == null ? failure : corrupt;
            }
        }
        if (corrupt != null) {
            throw corrupt;
        }
        return null;
    }

    /**
     * What was restored holds from now on. By the thread that applies.
     *
     * @throws CorruptCheckpointException when its records do not belong together
     */
    void done(Restored restored) throws CorruptCheckpointException {
        try {
            restored.restoration().done(restored.id().position());
        } catch (RuntimeException wrong) {
            throw new CorruptCheckpointException(
                    "The checkpoint " + file(restored.id()) + " does not hold what it should: " + wrong.getMessage(),
                    wrong);
        }
    }

    /** The newest that is kept, intact or not; null if there is none. */
    @Nullable
    CheckpointId newest() throws IOException {
        List<CheckpointId> kept = kept();
        return kept.isEmpty() ? null : kept.get(0);
    }

    /** Deletes all that are kept. */
    void empty() throws IOException {
        for (CheckpointId id : kept()) {
            Files.deleteIfExists(file(id));
        }
    }

    /** A checkpoint whose records have all been given, though they do not hold yet. */
    public record Restored(CheckpointId id, Restoration restoration) {}

    /** Writes one, and then has none that is older. */
    void write(CheckpointId id, Consumer<Consumer<byte[]>> tellRecords) throws IOException {
        Path draft = unfinished(id, DRAFT);
        try {
            try (FileChannel channel = open(draft, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
                CheckpointWriter.write(out, id, tellRecords);
                out.flush();
                channel.force(true);
            }
            read(draft, id, record -> {});
            publish(draft, id);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    // What comes from another replica, piece by piece

    /** How much of a checkpoint has come, to be gone on with; others are forgotten. */
    long received(CheckpointId id) throws IOException {
        Path part = unfinished(id, PART);
        for (Path file : files()) {
            if (name(file).endsWith(PART) && !file.equals(part)) {
                Files.delete(file);
            }
        }
        return Files.exists(part) ? Files.size(part) : 0;
    }

    void receive(CheckpointId id, long offset, byte[] bytes) throws IOException {
        try (FileChannel channel = open(unfinished(id, PART), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer rest = ByteBuffer.wrap(bytes);
            while (rest.hasRemaining()) {
                channel.write(rest, offset + rest.position());
            }
        }
    }

    /** All of it has come: it is read, and takes the place of others. If it is corrupt it is forgotten. */
    Restored received(CheckpointId id, Restoration restoration) throws IOException {
        Path part = unfinished(id, PART);
        try {
            try (FileChannel channel = open(part, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            read(part, id, restoration::record);
            publish(part, id);
            return new Restored(id, restoration);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private void publish(Path draft, CheckpointId id) throws IOException {
        Files.move(draft, file(id), StandardCopyOption.ATOMIC_MOVE);
        syncFolder();
        for (CheckpointId other : kept()) {
            if (other.position() < id.position()) {
                Files.delete(file(other));
            }
        }
    }

    private void syncFolder() throws IOException {
        try (FileChannel channel = open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private void read(Path file, CheckpointId expected, Consumer<byte[]> record) throws IOException {
        CheckpointId found;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER)) {
            found = CheckpointReader.read(in, record);
        } catch (CorruptCheckpointException corrupt) {
            throw new CorruptCheckpointException("The checkpoint " + file + " is corrupt: " + corrupt.getMessage());
        } catch (RuntimeException wrong) {
            throw new CorruptCheckpointException(
                    "The checkpoint " + file + " does not hold what it should: " + wrong.getMessage(), wrong);
        }
        if (!found.equals(expected)) {
            throw new CorruptCheckpointException("The checkpoint " + file + " is another: " + found);
        }
    }

    /** A piece of one that is kept, which may end before {@code most} bytes; null if it is not kept any more. */
    byte @Nullable [] piece(CheckpointId id, long offset, int most) throws IOException {
        try (FileChannel channel = open(file(id), StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, Math.min(most, channel.size() - offset)));
            while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {
                // The file is whole and does not change.
            }
            return bytes.array();
        } catch (NoSuchFileException deleted) {
            return null;
        }
    }

    long size(CheckpointId id) throws IOException {
        return Files.size(file(id));
    }

    /** Newest first. */
    private List<CheckpointId> kept() throws IOException {
        List<CheckpointId> kept = new ArrayList<>();
        for (Path file : files()) {
            Matcher name = NAME.matcher(name(file));
            if (name.matches()) {
                kept.add(new CheckpointId(group, Long.parseLong(name.group(1)), Long.parseLong(name.group(2))));
            }
        }
        kept.sort(Comparator.comparingLong(CheckpointId::position).reversed());
        return kept;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    Path file(CheckpointId id) {
        return folder.resolve("checkpoint-" + id.term() + "-" + id.position());
    }

    private Path unfinished(CheckpointId id, String ending) {
        return folder.resolve(name(file(id)) + ending);
    }

    private static FileChannel open(Path file, StandardOpenOption... options) throws IOException {
        return FileChannel.open(file, options);
    }
}
