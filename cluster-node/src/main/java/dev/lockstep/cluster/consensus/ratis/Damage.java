package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.snapshot.CorruptCheckpointException;
import java.io.EOFException;
import java.nio.channels.OverlappingFileLockException;
import java.util.Set;
import org.apache.ratis.io.CorruptedFileException;
import org.apache.ratis.protocol.exceptions.ChecksumException;
import org.apache.ratis.thirdparty.com.google.protobuf.InvalidProtocolBufferException;
import org.jspecify.annotations.Nullable;

/** Whether a replica could not be opened because what is on the disk is not what was written, or for another reason. Pure. */
final class Damage {

    /** What Ratis and we throw for it. Everything else may be a disk that does not answer, or a folder that another has. */
    private static final Set<Class<? extends Throwable>> KINDS = Set.of(
            DamagedException.class,
            CorruptCheckpointException.class,
            ChecksumException.class,
            CorruptedFileException.class,
            InvalidProtocolBufferException.class,
            EOFException.class,
            NumberFormatException.class,
            IllegalArgumentException.class,
            IllegalStateException.class,
            IndexOutOfBoundsException.class,
            NullPointerException.class);

    private Damage() {}

    /** What is damaged, or null if that is not the reason. */
    static @Nullable String of(Throwable failure) {
        Throwable cause = root(failure);
        return KINDS.contains(cause.getClass()) && !(cause instanceof OverlappingFileLockException)
                ? DiskWatch.reason(cause)
                : null;
    }

    static boolean isOfCheckpoints(Throwable failure) {
        return root(failure) instanceof CorruptCheckpointException;
    }

    private static Throwable root(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && !(cause instanceof CorruptCheckpointException)) {
            cause = cause.getCause();
        }
        return cause;
    }
}
