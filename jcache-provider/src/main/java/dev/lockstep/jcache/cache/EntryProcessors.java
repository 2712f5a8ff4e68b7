package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.ReadThrough;
import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.jcache.management.Tally;
import dev.lockstep.jcache.processor.ProcessedEntry;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorException;
import javax.cache.processor.EntryProcessorResult;
import org.jspecify.annotations.Nullable;

/** Runs entry processors, each atomically on its entry. Thread-safe. */
final class EntryProcessors<K, V> {

    /** Enough to hide the round trips; each holds a lease until the processor has been run on it. */
    private static final int AT_ONCE = 16;

    private final LeasedUpdates<K, V> leased;
    private final @Nullable ReadThrough<K, V> loader;
    private final boolean unleasedFirst;
    private final Statistics statistics;

    private record Ran<T>(boolean existed, @Nullable T result) {}

    /** @param unleasedFirst whether a processor runs first without a lease, if the entry exists */
    EntryProcessors(
            LeasedUpdates<K, V> leased,
            @Nullable ReadThrough<K, V> loader,
            boolean unleasedFirst,
            Statistics statistics) {
        this.leased = leased;
        this.unleasedFirst = unleasedFirst;
        this.loader = loader != null && loader.onMiss() ? loader : null;
        this.statistics = statistics;
    }

    /**
     * Runs a processor on one entry.
     *
     * @param checker refuses a value of the wrong type
     * @param callerExecutor runs the processor, and the loader and the writer if it comes to that
     */
    <T> CompletableFuture<@Nullable T> invoke(
            K key,
            EntryProcessor<K, V, T> processor,
            Consumer<V> checker,
            Object[] arguments,
            Executor callerExecutor) {
        Tally tally = statistics.begin();
        Function<@Nullable ObservedEntry<V>, EntryAction<V, Ran<T>>> code =
                seen -> tally.outside(() -> ran(key, seen, processor, checker, arguments));
        CompletableFuture<Ran<T>> invoked = unleasedFirst
                ? leased.runUnleasedFirst(key, code, tally, callerExecutor)
                : leased.run(key, code, tally, callerExecutor);
        return invoked.thenApply(ran -> {
            tally.read(ran.existed());
            return ran.result();
        });
    }

    private <T> EntryAction<V, Ran<T>> ran(
            K key,
            @Nullable ObservedEntry<V> seen,
            EntryProcessor<K, V, T> processor,
            Consumer<V> checker,
            Object[] arguments) {
        var entry =
                new ProcessedEntry<K, V>(key, seen == null ? null : seen::value, loader == null ? null : loader::load);
        T result = process(processor, entry, arguments);
        Ran<T> end = new Ran<>(seen != null, result);
        return switch (entry.change()) {
            case NONE -> EntryAction.keep(end);
            case READ -> EntryAction.access(end);
            case LOADED -> EntryAction.load(Objects.requireNonNull(entry.value()), end);
            case REMOVED -> EntryAction.remove(end);
            case SET -> {
                checker.accept(Objects.requireNonNull(entry.value()));
                yield EntryAction.put(entry.value(), end);
            }
        };
    }

    /**
     * Runs a processor on many entries, each atomically. Requests for {@value #AT_ONCE} entries are in flight at a time; the processor runs on
     * one thread, on one entry after another.
     *
     * @return its result or exception for each key; nothing for keys whose result is null
     */
    <T> CompletableFuture<Map<K, EntryProcessorResult<T>>> invokeAll(
            Set<? extends K> keys,
            EntryProcessor<K, V, T> processor,
            Consumer<V> checker,
            Object[] arguments,
            Executor callerExecutor) {
        Map<K, EntryProcessorResult<T>> results = new HashMap<>();
        return BoundedFanOut.over(
                        keys,
                        AT_ONCE,
                        key -> invoke(key, processor, checker, arguments, callerExecutor),
                        (key, result, failure) -> {
                            if (failure != null) {
                                results.put(key, thrower(FutureResults.failure(failure)));
                            } else if (result != null) {
                                results.put(key, () -> result);
                            }
                        },
                        callerExecutor)
                .thenApply(none -> results);
    }

    private static <T> EntryProcessorResult<T> thrower(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        EntryProcessorException reported =
                failure instanceof EntryProcessorException known ? known : new EntryProcessorException(failure);
        return () -> {
            throw reported;
        };
    }

    private static <K, V, T> @Nullable T process(
            EntryProcessor<K, V, T> processor, ProcessedEntry<K, V> entry, Object[] arguments) {
        try {
            return processor.process(entry, arguments);
        } catch (EntryProcessorException known) {
            throw known;
        } catch (Throwable failure) {
            throw new EntryProcessorException(failure);
        }
    }
}
