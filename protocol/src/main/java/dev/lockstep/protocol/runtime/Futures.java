package dev.lockstep.protocol.runtime;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Outcomes of {@link CompletableFuture}s. Stateless. */
public final class Futures {

    private Futures() {}

    /** Returns whether the result is there, so that what depends on it needs no stage of its own. */
    public static boolean isSuccess(CompletableFuture<?> future) {
        return future.isDone() && !future.isCompletedExceptionally();
    }

    /** Returns the failure itself, without the {@link CompletionException}s that dependent stages wrap it in. */
    public static Throwable cause(@Nullable Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause == null ? new IllegalStateException("failed without a cause") : cause;
    }
}
