package dev.lockstep.cluster.checkpoint;

import dev.lockstep.cluster.checkpoint.Checkpointed.Restoration;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.wire.UnknownFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The folder with the checkpoints of one replica, normally one: a file for each, which gets its name once it is complete and
 * synced, and has been read again; only then are older ones deleted. Not thread-safe, but files may be read while others are
 * written.
 */
public final class CheckpointFolder {

    private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,18})-(\\d{1,18})");
    /** The file that is being written. */
    private static final String DRAFT = ".draft";
    /** The file that is being received from another replica. */
    private static final String PART = ".part";

    private final CheckpointFiles files;
    private final int group;

    /** Deletes what was not finished before. */
    public CheckpointFolder(Path folder, int group) throws IOException {
        this(CheckpointFiles.in(folder), group);
    }

    /** Deletes what was not finished before. */
    public CheckpointFolder(CheckpointFiles files, int group) throws IOException {
        this.files = files;
        this.group = group;
        for (String file : files.names()) {
            if (file.endsWith(DRAFT) || file.endsWith(PART)) {
                files.delete(file);
            }
        }
    }

    int group() {
        return group;
    }

    /** Returns the id of a checkpoint of this group. */
    CheckpointId id(long term, long position) {
        return new CheckpointId(group, term, position);
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
        for (CheckpointId id : kept(files, group)) {
            try {
                Restoration restoration = restorations.get();
                read(name(id), id, restoration::record);
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
     * Makes a restored checkpoint the state of the machine. By the thread that applies.
     *
     * @throws CorruptCheckpointException when its records do not belong together
     */
    void done(Restored restored) throws IOException {
        try {
            restored.restoration().done(restored.id().position());
        } catch (UnknownFormatException unknown) {
            throw ofAnotherVersion(place(restored.id()), unknown);
        } catch (RuntimeException wrong) {
            throw new CorruptCheckpointException(
                    "The checkpoint " + place(restored.id()) + " does not hold what it should: " + wrong.getMessage(),
                    wrong);
        }
    }

    /** The newest that is kept, intact or not; null if there is none. */
    @Nullable
    CheckpointId newest() throws IOException {
        return newest(files, group);
    }

    /** Likewise, without a change to the files. */
    public static @Nullable CheckpointId newest(CheckpointFiles files, int group) throws IOException {
        List<CheckpointId> kept = kept(files, group);
        return kept.isEmpty() ? null : kept.get(0);
    }

    /** Deletes all that are kept. */
    void empty() throws IOException {
        for (CheckpointId id : kept(files, group)) {
            files.delete(name(id));
        }
    }

    /** A checkpoint whose records have all been given, though they do not hold yet. */
    public record Restored(CheckpointId id, Restoration restoration) {}

    /**
     * Writes one, and then has none that is older.
     *
     * @param pace of all that
     */
    void write(CheckpointId id, Consumer<Consumer<byte[]>> tellRecords, DutyCycle pace) throws IOException {
        String draft = name(id) + DRAFT;
        try {
            try (OutputStream out = files.create(draft)) {
                CheckpointWriter.write(
                        out,
                        id,
                        taker -> tellRecords.accept(record -> {
                            taker.accept(record);
                            pace.step();
                        }));
            }
            files.sync(draft);
            read(draft, id, record -> pace.step());
            publish(draft, id);
        } finally {
            files.delete(draft);
        }
    }

    // What comes from another replica, piece by piece

    /** The bytes of a checkpoint that were received, to be resumed; what there is of others is deleted. */
    long received(CheckpointId id) throws IOException {
        String part = name(id) + PART;
        for (String file : files.names()) {
            if (file.endsWith(PART) && !file.equals(part)) {
                files.delete(file);
            }
        }
        return files.names().contains(part) ? files.size(part) : 0;
    }

    void receive(CheckpointId id, long offset, byte[] bytes) throws IOException {
        files.write(name(id) + PART, offset, bytes);
    }

    /** Reads a checkpoint that has been received completely; one that can't be read is deleted. */
    Restored received(CheckpointId id, Restoration restoration) throws IOException {
        String part = name(id) + PART;
        try {
            files.sync(part);
            read(part, id, restoration::record);
        } catch (IOException | RuntimeException unreadable) {
            files.delete(part);
            throw unreadable;
        }
        return new Restored(id, restoration);
    }

    /**
     * Lets a checkpoint that was received take the place of others: from then on a start restores it. To be called right before it is
     * installed, once the voters that belong to it are on the disk. Idempotent.
     */
    public void keep(CheckpointId id) throws IOException {
        String part = name(id) + PART;
        if (files.names().contains(part)) {
            publish(part, id);
        }
    }

    private void publish(String whole, CheckpointId id) throws IOException {
        files.rename(whole, name(id));
        files.syncNames();
        for (CheckpointId other : kept(files, group)) {
            if (other.position() < id.position()) {
                files.delete(name(other));
            }
        }
    }

    private void read(String file, CheckpointId expected, Consumer<byte[]> record) throws IOException {
        CheckpointId found;
        try (InputStream in = files.read(file)) {
            found = CheckpointReader.read(in, record);
        } catch (CorruptCheckpointException corrupt) {
            throw new CorruptCheckpointException(
                    "The checkpoint " + place(file) + " is corrupt: " + corrupt.getMessage());
        } catch (UnknownFormatException unknown) {
            throw ofAnotherVersion(place(file), unknown);
        } catch (RuntimeException wrong) {
            throw new CorruptCheckpointException(
                    "The checkpoint " + place(file) + " does not hold what it should: " + wrong.getMessage(), wrong);
        }
        if (!found.equals(expected)) {
            throw new CorruptCheckpointException("The checkpoint " + place(file) + " is another: " + found);
        }
    }

    /** Not {@link CorruptCheckpointException}: it would be taken for lost, where the version that has written it can read it. */
    private static IOException ofAnotherVersion(String place, UnknownFormatException unknown) {
        return new IOException("The checkpoint " + place + " can't be read. " + unknown.getMessage(), unknown);
    }

    /** A piece of one that is kept, which may end before {@code most} bytes; null if it is not kept any more. */
    byte @Nullable [] piece(CheckpointId id, long offset, int most) throws IOException {
        try {
            return files.read(name(id), offset, most);
        } catch (NoSuchFileException deleted) {
            return null;
        }
    }

    long size(CheckpointId id) throws IOException {
        return files.size(name(id));
    }

    /** Newest first. */
    private static List<CheckpointId> kept(CheckpointFiles files, int group) throws IOException {
        List<CheckpointId> kept = new ArrayList<>();
        for (String file : files.names()) {
            Matcher name = NAME.matcher(file);
            if (name.matches()) {
                kept.add(new CheckpointId(group, Long.parseLong(name.group(1)), Long.parseLong(name.group(2))));
            }
        }
        kept.sort(Comparator.comparingLong(CheckpointId::position).reversed());
        return kept;
    }

    private static String name(CheckpointId id) {
        return "checkpoint-" + id.term() + "-" + id.position();
    }

    /** The path of a checkpoint's file, for messages. */
    String place(CheckpointId id) {
        return place(name(id));
    }

    private String place(String file) {
        return files + "/" + file;
    }
}
