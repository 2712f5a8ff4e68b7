package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.wire.Lifetime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What to do with an entry after code of the application has seen it.
 *
 * @param value with {@link Action#PUT} and {@link Action#LOAD}, else null
 * @param certain whether it is to be done even if the entry was changed meanwhile
 * @param lifetime of the value; null when the cache's expiry decides
 * @param result of the operation
 */
record EntryAction<V, R>(
        Action action,
        @Nullable V value,
        boolean certain,
        @Nullable Lifetime lifetime,
        @Nullable R result) {

    enum Action {
        /** Nothing; what was seen is confirmed. */
        KEEP,
        /** Nothing but to note that it was read. */
        ACCESS,
        /** Store the value, and tell the writer first. */
        PUT,
        /** Store a value that came from the loader, and so need not go back. */
        LOAD,
        /** Remove the entry, and tell the writer first. */
        REMOVE
    }

    static <V, R> EntryAction<V, R> keep(@Nullable R result) {
        return new EntryAction<>(Action.KEEP, null, false, null, result);
    }

    static <V, R> EntryAction<V, R> access(@Nullable R result) {
        return new EntryAction<>(Action.ACCESS, null, false, null, result);
    }

    static <V, R> EntryAction<V, R> put(V value, @Nullable R result) {
        return new EntryAction<>(Action.PUT, value, false, null, result);
    }

    static <V, R> EntryAction<V, R> load(V value, @Nullable R result) {
        return new EntryAction<>(Action.LOAD, value, false, null, result);
    }

    static <V, R> EntryAction<V, R> remove(@Nullable R result) {
        return new EntryAction<>(Action.REMOVE, null, false, null, result);
    }

    /** Returns the value that is to be stored; only with {@link Action#PUT} and {@link Action#LOAD}. */
    V stored() {
        return Objects.requireNonNull(value, "nothing is to be stored");
    }

    /** Whatever was seen, this is done. */
    EntryAction<V, R> anyway() {
        return new EntryAction<>(action, value, true, lifetime, result);
    }

    EntryAction<V, R> living(Lifetime own) {
        return new EntryAction<>(action, value, certain, own, result);
    }
}
