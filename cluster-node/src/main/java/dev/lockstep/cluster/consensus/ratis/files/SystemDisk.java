package dev.lockstep.cluster.consensus.ratis.files;

import dev.lockstep.cluster.files.SmallFile;
import java.io.IOException;
import java.io.RandomAccessFile;
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

    @Override
    public void syncNames(Path folder) throws IOException {
        SmallFile.syncNames(folder);
    }

    /**
     * A file and, for the thread that syncs, a channel, which an interrupt would close: Ratis interrupts threads that
     * write.
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
            syncing.force(false);
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
