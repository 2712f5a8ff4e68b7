package dev.lockstep.cluster.node;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A folder of a node, locked for as long as the node runs. Taken before anything in it is looked at. */
final class DataFolder implements AutoCloseable {

    private static final String FILE = "lock";

    private final FileChannel channel;

    private DataFolder(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Locks the folder, and makes it if there is none.
     *
     * @param what it is for, in messages: "data folder of node n1"
     * @throws IOException when it can't be used, or is in use, naming it
     */
    static DataFolder lock(Path folder, String what) throws IOException {
        FileChannel channel = null;
        boolean locked = false;
        try {
            Files.createDirectories(folder);
            channel = FileChannel.open(
                    folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (!isLocked(channel)) {
                throw new IOException("The " + what + ", " + folder + ", is in use by " + user(channel)
                        + ". Stop that node, or give this one a folder of its own (node.data, node.raft-log-dir)");
            }
            locked = true;
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(("process " + ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
            return new DataFolder(channel);
        } catch (IOException failure) {
            throw channel != null && !locked
                    ? failure
                    : new IOException("The " + what + ", " + folder + ", can't be used: " + why(failure), failure);
        } finally {
            if (!locked && channel != null) {
                channel.close();
            }
        }
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException here) {
            return false;
        }
    }

    private static String user(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(64);
        channel.read(text, 0);
        String said = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8);
        return said.isEmpty() ? "another node" : said;
    }

    private static @Nullable String why(IOException failure) {
        if (failure instanceof FileAlreadyExistsException) {
            return failure.getMessage() + " is a file";
        }
        if (failure instanceof AccessDeniedException) {
            return "this user may not write there";
        }
        return failure.toString();
    }

    /** Gives it back. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
