package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.jcache.LockstepCacheException.Kind;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.session.PartialWriteException;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import javax.cache.CacheException;

/** Waits for results, and translates failures into JSR-107's exceptions. Stateless. */
public final class FutureResults {

    /** Guards against a session that misses its own deadline. */
    static final Duration GRACE = Duration.ofSeconds(5);

    private FutureResults() {}

    /**
     * Waits for the result of a session's operation.
     *
     * @throws IllegalStateException when the cache was destroyed
     * @throws LockstepCacheException when the operation was refused or its outcome is unknown
     */
    public static <T> T result(CompletableFuture<T> future, Duration timeout) {
        Burst.flush();
        try {
            return future.get(timeout.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            throw translated(Futures.cause(failed.getCause()));
        } catch (TimeoutException late) {
            throw refused(new RequestFailedException(
                    Status.INDETERMINATE,
                    "No answer within " + timeout.plus(GRACE).toMillis() + " ms; it may have happened",
                    late));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CacheException("Interrupted while waiting; the operation may have happened", interrupted);
        }
    }

    /**
     * Returns the result of an operation that is done.
     *
     * @throws RuntimeException as {@link #failure} says
     */
    static <T> T outcome(CompletableFuture<T> done) {
        try {
            return done.join();
        } catch (CompletionException failed) {
            Throwable cause = failure(failed);
            if (cause instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) cause;
        }
    }

    /** Translates a failure for the application: what its own code threw as it is, all else as an exception of JSR-107. */
    static Throwable failure(Throwable failed) {
        Throwable cause = Futures.cause(failed);
        boolean ofTheSession = cause instanceof RequestFailedException || cause instanceof PartialWriteException;
        return !ofTheSession && (cause instanceof RuntimeException || cause instanceof Error)
                ? cause
                : translated(cause);
    }

    private static RuntimeException translated(Throwable cause) {
        if (isDestroyed(cause)) {
            return new IllegalStateException("The cache was destroyed", cause);
        }
        if (cause instanceof RequestFailedException refused) {
            return refused(refused);
        }
        if (cause instanceof PartialWriteException partial) {
            return partial(partial);
        }
        return cause instanceof CacheException known ? known : new CacheException(cause);
    }

    private static LockstepCacheException refused(RequestFailedException cause) {
        return new LockstepCacheException(cause.status() + ": " + cause.getMessage(), kind(cause), cause);
    }

    /** Indeterminate if any part is, else permanent if any part is. */
    private static LockstepCacheException partial(PartialWriteException cause) {
        Set<Kind> kinds =
                cause.failures().values().stream().map(FutureResults::kind).collect(Collectors.toSet());
        Kind worst = kinds.contains(Kind.INDETERMINATE)
                ? Kind.INDETERMINATE
                : kinds.contains(Kind.PERMANENT) ? Kind.PERMANENT : Kind.TRANSIENT;
        return new LockstepCacheException(String.valueOf(cause.getMessage()), worst, cause);
    }

    private static Kind kind(Throwable failure) {
        if (!(failure instanceof RequestFailedException refused)) {
            return Kind.INDETERMINATE;
        }
        return switch (refused.status().kind()) {
            case TRANSIENT -> Kind.TRANSIENT;
            case PERMANENT -> Kind.PERMANENT;
            case INDETERMINATE -> Kind.INDETERMINATE;
        };
    }

    /** Returns whether an operation failed because the cache does not exist any more. */
    static boolean isDestroyed(Throwable cause) {
        Throwable first = cause instanceof PartialWriteException partial
                ? partial.failures().values().iterator().next()
                : cause;
        return first instanceof RequestFailedException refused && refused.status() == Status.NO_SUCH_CACHE;
    }
}
