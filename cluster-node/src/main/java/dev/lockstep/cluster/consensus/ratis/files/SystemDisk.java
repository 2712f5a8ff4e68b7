package dev.lockstep.cluster.consensus.ratis.files;

import dev.lockstep.cluster.files.SmallFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The disk as the operating system has it. Stateless. */
final class SystemDisk implements LogDisk {

    @Override
    public OpenFile open(Path file) throws IOException {
        return new SystemFile(file);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to);
    }

    @Override
    public void delete(Path file) throws IOException {
        Files.delete(file);
    }

    /** A folder can only be synced by a channel, which closes under a thread that Ratis interrupts: it is opened again then. */
    @Override
    public void syncNames(Path folder) throws IOException {
        boolean interrupted = false;
        boolean synced = false;
        try {
            while (!synced) {
                try {
                    SmallFile.syncNames(folder);
                    synced = true;
                } catch (ClosedByInterruptException closed) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * A file and a channel, which syncs without the file's times but closes under a thread that is interrupted. Ratis interrupts
     * its threads, which write, and now and then sync.
     */
    private static final class SystemFile implements OpenFile {

        private final RandomAccessFile file;
        private final FileChannel syncing;

        SystemFile(Path path) throws IOException {
            this.file = new RandomAccessFile(path.toFile(), "rw");
            try {
                this.syncing = FileChannel.open(path, StandardOpenOption.WRITE);
            } catch (IOException failure) {
                file.close();
                throw failure;
            }
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public void write(long position, byte[] bytes, int length) throws IOException {
            file.seek(position);
            file.write(bytes, 0, length);
        }

        @Override
        public void sync() throws IOException {
            if (syncing.isOpen()) {
                try {
                    syncing.force(false);
                    return;
                } catch (ClosedByInterruptException closed) {
                    // The file is still open.
                }
            }
            file.getFD().sync();
        }

        @Override
        public void cut(long length) throws IOException {
            file.setLength(length);
            file.getFD().sync();
        }

        @Override
        public void close() throws IOException {
            try (file) {
                syncing.close();
            }
        }
    }
}
