package dev.lockstep.protocol.tls;

import dev.lockstep.protocol.runtime.RepeatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.TlsSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Credentials that are read again when their files have changed: looked at when they are asked for, at most once a second. While what the
 * files have can't be used, as in the middle of a change, the last ones stay. Thread-safe; the lock guards all.
 */
public final class CredentialFiles implements Supplier<Credentials> {

    private static final Logger LOG = LoggerFactory.getLogger(CredentialFiles.class);
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final TlsSettings settings;
    private final Time time;
    private final RepeatedLog log;
    private Credentials current;
    private List<Stamp> read;
    private long lookedNanos;

    /** Something that changes with a file's content. */
    private record Stamp(FileTime modified, long size, String key) {

        private static final Stamp NONE = new Stamp(FileTime.fromMillis(0), -1, "");

        static Stamp of(Path file) {
            try {
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                return new Stamp(now.lastModifiedTime(), now.size(), String.valueOf(now.fileKey()));
            } catch (IOException gone) {
                return NONE;
            }
        }
    }

    /**
     * Reads the files.
     *
     * @throws IOException when they can't be used, naming the file and saying why
     */
    public CredentialFiles(TlsSettings settings, Time time) throws IOException {
        this.settings = settings;
        this.time = time;
        this.log = new RepeatedLog(time);
        this.read = stamps();
        this.current = Credentials.read(settings);
        this.lookedNanos = time.nanos();
    }

    private List<Stamp> stamps() {
        List<Path> files = new ArrayList<>(List.of(settings.certificate(), settings.authorities()));
        settings.key().ifPresent(files::add);
        return files.stream().map(Stamp::of).toList();
    }

    @Override
    public synchronized Credentials get() {
        if (time.nanos() - lookedNanos > LOOK_NANOS) {
            lookedNanos = time.nanos();
            List<Stamp> now = stamps(); // before they are read: a change meanwhile is seen the next time
            if (!now.equals(read)) {
                readAgain(now);
            }
        }
        return current;
    }

    private void readAgain(List<Stamp> now) {
        try {
            current = Credentials.read(settings);
            read = now;
            LOG.info("New connections are encrypted with the {}", current.description());
        } catch (IOException unusable) {
            String why = String.valueOf(unusable.getMessage());
            log.say(why, "The new certificate is not used, and the last one stays: " + why, LOG::warn);
        }
    }
}
