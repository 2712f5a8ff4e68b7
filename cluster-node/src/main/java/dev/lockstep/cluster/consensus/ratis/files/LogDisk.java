package dev.lockstep.cluster.consensus.ratis.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The operations that change the files of a Raft log. All of them outlast the process at once; power only what was synced:
 * contents with their file, creations, renames and deletions with the names of their folder. Files are read with the JDK's own
 * classes, so they exist whatever the disk is. Thread-safe.
 */
public interface LogDisk {

    /** The disk as the operating system has it. */
    LogDisk SYSTEM = new SystemDisk();

    /** Opens a file to be written, which is created if there is none. */
    OpenFile open(Path file) throws IOException;

    /** Renames a file at once, whatever happens; there is none of the new name. */
    void rename(Path from, Path to) throws IOException;

    /** Deletes a file that exists. */
    void delete(Path file) throws IOException;

    /** Syncs the names of the files in a folder. */
    void syncNames(Path folder) throws IOException;

    /** Ends a file that exists at {@code length}, and syncs it. */
    default void cut(Path file, long length) throws IOException {
        try (OpenFile open = open(file)) {
            open.cut(length);
        }
    }

    /**
     * A file that is written: by one thread at a time, and synced by one, which may be another. Interrupts have no effect on the
     * thread that writes.
     */
    interface OpenFile extends Closeable {

        long length() throws IOException;

        /** Writes the first {@code length} of some bytes; what is not there between the file's end and {@code position} is zeros. */
        void write(long position, byte[] bytes, int length) throws IOException;

        /** Syncs what was written before. An interrupt may fail it. */
        void sync() throws IOException;

        /** Ends the file at {@code length}, and syncs it; on the thread that writes. */
        void cut(long length) throws IOException;
    }
}
