package dev.lockstep.cli;

import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** A file that a command writes: not over another one, and gone again unless it was written to its end. Not thread-safe. */
final class NewFile extends OutputStream {

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    private final Path path;
    private final OutputStream out;
    private boolean whole;

    private NewFile(Path path, OutputStream out) {
        this.path = path;
        this.out = out;
    }

    /** A name with the present time, UTC, in the current folder. */
    static Path named(String before, String after) {
        return Path.of(before + STAMP.format(Instant.ofEpochMilli(Time.system().millis())) + after);
    }

    /** @throws RefusedException if it is there already */
    static NewFile create(Path path) throws IOException {
        try {
            return new NewFile(path, Files.newOutputStream(path, StandardOpenOption.CREATE_NEW));
        } catch (FileAlreadyExistsException exists) {
            throw new RefusedException("There is a file " + path + " already");
        } catch (IOException failure) {
            throw new IOException(path + " can't be written: " + failure, failure);
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException failure) {
            throw new IOException(path + " could not be written, and is removed: " + failure.getMessage(), failure);
        }
    }

    /** Has the file stay when it is closed. */
    void keep() {
        whole = true;
    }

    @Override
    public void close() throws IOException {
        try {
            out.close();
        } finally {
            if (!whole) {
                Files.deleteIfExists(path);
            }
        }
    }
}
