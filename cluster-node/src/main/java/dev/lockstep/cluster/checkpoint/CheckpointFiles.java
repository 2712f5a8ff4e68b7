package dev.lockstep.cluster.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * The files of one folder, by name: what {@link CheckpointFolder} needs of a disk. Contents survive a power cut once
 * they were synced; creations, renames and deletions do once the names were. Not thread-safe, but files may be read
 * while others are written.
 */
public interface CheckpointFiles {

    /** Returns the files of a folder on the disk, which is created. */
    static CheckpointFiles in(Path folder) throws IOException {
        return new DiskFiles(folder);
    }

    List<String> names() throws IOException;

    /** @throws java.nio.file.NoSuchFileException if there is none of that name */
    long size(String name) throws IOException;

    InputStream read(String name) throws IOException;

    /**
     * A part of a file, which is shorter than {@code most} where the file ends.
     *
     * @throws java.nio.file.NoSuchFileException if there is none of that name
     */
    byte[] read(String name, long offset, int most) throws IOException;

    /** A new file; to be closed. */
    OutputStream create(String name) throws IOException;

    /** Writes a part of a file, which is created if there is none. */
    void write(String name, long offset, byte[] bytes) throws IOException;

    void sync(String name) throws IOException;

    /** Renames a file atomically; it replaces the file that had the name before. */
    void rename(String from, String to) throws IOException;

    /** Has no effect if there is none. */
    void delete(String name) throws IOException;

    void syncNames() throws IOException;
}
