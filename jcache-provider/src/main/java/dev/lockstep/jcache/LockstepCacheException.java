package dev.lockstep.jcache;

import javax.cache.CacheException;

/** A failure of an operation in the cluster: it was refused, or its outcome is unknown. {@link #kind} tells whether it may be repeated. */
public final class LockstepCacheException extends CacheException {

    private static final long serialVersionUID = 1;

    private final Kind kind;

    /** The consequence of a failure for a retry. */
    public enum Kind {
        /** Nothing was applied; a retry is safe, and may succeed. */
        TRANSIENT,
        /** Nothing was applied; a retry will fail too. */
        PERMANENT,
        /** It may have been applied, or may still be; the application has to find out. */
        INDETERMINATE
    }

    public LockstepCacheException(String message, Kind kind, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
