package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.wire.Lifetime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The action on an entry that application code has decided on after seeing it.
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
        /** Changes nothing, and confirms what was seen. */
        KEEP,
        /** Records that the entry was read. */
        ACCESS,
        /** Stores the value after calling the writer. */
        PUT,
        /** Stores a value of the loader, which the writer need not learn of. */
        LOAD,
        /** Removes the entry after calling the writer. */
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

    /** Returns this action without the condition that the entry is unchanged. */
    EntryAction<V, R> anyway() {
        return new EntryAction<>(action, value, true, lifetime, result);
    }

    EntryAction<V, R> living(Lifetime own) {
        return new EntryAction<>(action, value, certain, own, result);
    }
}
