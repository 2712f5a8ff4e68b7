package dev.lockstep.cluster.consensus.ratis.files;

import dev.lockstep.cluster.checkpoint.CorruptCheckpointException;
import dev.lockstep.cluster.files.DiskMonitor;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import org.apache.ratis.io.CorruptedFileException;
import org.apache.ratis.protocol.exceptions.ChecksumException;
import org.apache.ratis.thirdparty.com.google.protobuf.InvalidProtocolBufferException;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether a replica could not be opened because what is on the disk is corrupt. Everything else may be a disk that does not
 * answer, a folder that another process has, or a fault of ours, and is no reason to quarantine anything. Pure.
 */
public final class CorruptionClassifier {

    private static final Set<Class<? extends Throwable>> KINDS = Set.of(
            CorruptStateException.class,
            CorruptCheckpointException.class,
            ChecksumException.class,
            CorruptedFileException.class,
            InvalidProtocolBufferException.class,
            EOFException.class);

    /**
     * The package in which Ratis reads logs. It reports findings there by these too; a disk's errors come from below.
     */
    private static final String LOG_PACKAGE = "org.apache.ratis.server.raftlog.";

    private static final Set<Class<? extends Throwable>> KINDS_OF_READING =
            Set.of(IOException.class, IllegalStateException.class);

    private static final String ASSERTIONS = "org.apache.ratis.util.Preconditions";

    private CorruptionClassifier() {}

    /** Describes the corruption, or returns null if that is not the reason. */
    public static @Nullable String of(Throwable failure) {
        Throwable root = root(failure);
        boolean damaged = KINDS.contains(root.getClass())
                || (KINDS_OF_READING.contains(root.getClass()) && isOfReadingALog(root));
        return damaged ? DiskMonitor.reason(root) : null;
    }

    public static boolean isOfCheckpoints(Throwable failure) {
        return root(failure) instanceof CorruptCheckpointException;
    }

    private static boolean isOfReadingALog(Throwable root) {
        return Arrays.stream(root.getStackTrace())
                .map(StackTraceElement::getClassName)
                .filter(where -> !where.startsWith(ASSERTIONS))
                .limit(1)
                .anyMatch(where -> where.startsWith(LOG_PACKAGE));
    }

    private static Throwable root(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && !(cause instanceof CorruptCheckpointException)) {
            cause = cause.getCause();
        }
        return cause;
    }
}
