package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.routing.LockstepException;
import dev.lockstep.protocol.wire.Status;
import javax.cache.CacheException;

/** The cluster refused an operation, or its outcome is unknown: {@link #kind} says whether it may be repeated (P8). */
public final class LockstepCacheException extends CacheException {

    private static final long serialVersionUID = 1;

    private final Status.Kind kind;

    LockstepCacheException(LockstepException cause) {
        super(cause.status() + ": " + cause.getMessage(), cause);
        this.kind = cause.status().kind();
    }

    public Status.Kind kind() {
        return kind;
    }
}
