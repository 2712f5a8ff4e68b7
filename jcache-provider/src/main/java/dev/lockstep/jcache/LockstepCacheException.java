package dev.lockstep.jcache;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.session.PartialWriteException;
import dev.lockstep.protocol.wire.Status;
import java.util.Set;
import java.util.stream.Collectors;
import javax.cache.CacheException;

/** The cluster refused an operation, or its outcome is unknown: {@link #kind} says whether it may be repeated (P8). */
public final class LockstepCacheException extends CacheException {

    private static final long serialVersionUID = 1;

    private final Status.Kind kind;

    public LockstepCacheException(RequestFailedException cause) {
        super(cause.status() + ": " + cause.getMessage(), cause);
        this.kind = cause.status().kind();
    }

    /** Of an operation on many entries, of which some were done: indeterminate if any may have been, permanent if any was refused so. */
    public LockstepCacheException(PartialWriteException cause) {
        super(cause.getMessage(), cause);
        Set<Status.Kind> kinds = cause.failures().values().stream()
                .map(LockstepCacheException::kind)
                .collect(Collectors.toSet());
        this.kind = kinds.contains(Status.Kind.INDETERMINATE)
                ? Status.Kind.INDETERMINATE
                : kinds.contains(Status.Kind.PERMANENT) ? Status.Kind.PERMANENT : Status.Kind.TRANSIENT;
    }

    private static Status.Kind kind(Throwable failure) {
        return failure instanceof RequestFailedException refused
                ? refused.status().kind()
                : Status.Kind.INDETERMINATE;
    }

    public Status.Kind kind() {
        return kind;
    }
}
