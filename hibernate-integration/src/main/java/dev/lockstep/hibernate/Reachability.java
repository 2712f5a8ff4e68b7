package dev.lockstep.hibernate;

import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.protocol.runtime.Time;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.hibernate.cache.CacheException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the application from waiting again and again for a cluster that does not answer: after a failure one caller a second
 * tries, the others are told at once. Thread-safe, lock-free.
 */
final class Reachability {

    private static final Logger LOG = LoggerFactory.getLogger(Reachability.class);
    private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long UP = 0;
    private static final long PROBED = 1;

    /** {@link #UP}, {@link #PROBED} by a thread, or the time from which on a thread may try. */
    private final AtomicLong state = new AtomicLong(UP);

    /** Does what may as well be left out; {@code otherwise} when it can't be done. */
    <T> T attempt(String what, Supplier<T> operation, T otherwise) {
        try {
            return require(what, operation);
        } catch (CacheException failed) {
            LOG.debug("{}", failed.getMessage(), failed);
            return otherwise;
        }
    }

    /** Reads what may as well not be there; null as well when it can't be read. */
    <T> @Nullable T read(String what, Supplier<? extends @Nullable T> operation) {
        return attempt(what, () -> Optional.<T>ofNullable(operation.get()), Optional.<T>empty())
                .orElse(null);
    }

    /**
     * Does what must not be left out.
     *
     * @throws CacheException when it can't be done
     */
    <T> T require(String what, Supplier<T> operation) {
        long before = state.get();
        if (before != UP && !(isTime(before) && state.compareAndSet(before, PROBED))) {
            throw new CacheException(what + " was not attempted: the cluster did not answer a moment ago");
        }
        boolean answered = false;
        try {
            T result = operation.get();
            answered = true;
            return result;
        } catch (LockstepCacheException refused) {
            answered = refused.kind() == LockstepCacheException.Kind.PERMANENT;
            throw new CacheException(what + " failed: " + refused.getMessage(), refused);
        } catch (javax.cache.CacheException | IllegalStateException failed) {
            throw new CacheException(what + " failed: " + failed.getMessage(), failed);
        } finally {
            ended(before, answered);
        }
    }

    private static boolean isTime(long state) {
        return state != PROBED && Time.system().nanos() - state >= 0;
    }

    private void ended(long before, boolean answered) {
        if (answered && before != UP) {
            LOG.info("The second-level cache is reachable again");
            state.set(UP);
        } else if (!answered) {
            if (before == UP) {
                LOG.warn(
                        "The second-level cache is unreachable: reads go to the database, and changes that need a lock are refused");
            }
            long next = Time.system().nanos() + RETRY_NANOS;
            state.set(next == UP || next == PROBED ? next + 2 : next);
        }
    }
}
