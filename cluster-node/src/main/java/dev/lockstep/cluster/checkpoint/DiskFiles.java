package dev.lockstep.cluster.checkpoint;

import dev.lockstep.cluster.files.SmallFile;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** The files of a folder on the disk, which is created. */
final class DiskFiles implements CheckpointFiles {

    private static final int BUFFER = 256 * 1024;

    private final Path folder;

    DiskFiles(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    @Override
    public List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Override
    public long size(String name) throws IOException {
        return Files.size(folder.resolve(name));
    }

    @Override
    public InputStream read(String name) throws IOException {
        return new BufferedInputStream(Files.newInputStream(folder.resolve(name)), BUFFER);
    }

    @Override
    public byte[] read(String name, long offset, int most) throws IOException {
        try (FileChannel channel = open(name, StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, Math.min(most, channel.size() - offset)));
            while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {
                // The file is whole and does not change.
            }
            return bytes.array();
        }
    }

    @Override
    public OutputStream create(String name) throws IOException {
        return new BufferedOutputStream(Files.newOutputStream(folder.resolve(name)), BUFFER);
    }

    @Override
    public void write(String name, long offset, byte[] bytes) throws IOException {
        try (FileChannel channel = open(name, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer rest = ByteBuffer.wrap(bytes);
            while (rest.hasRemaining()) {
                channel.write(rest, offset + rest.position());
            }
        }
    }

    @Override
    public void sync(String name) throws IOException {
        try (FileChannel channel = open(name, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Files.move(folder.resolve(from), folder.resolve(to), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
    }

    @Override
    public void syncNames() throws IOException {
        SmallFile.syncNames(folder);
    }

    private FileChannel open(String name, StandardOpenOption... options) throws IOException {
        return FileChannel.open(folder.resolve(name), options);
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}
