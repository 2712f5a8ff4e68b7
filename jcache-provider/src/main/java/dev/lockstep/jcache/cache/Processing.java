package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.ReadThrough;
import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.jcache.processor.ProcessedEntry;
import java.util.Objects;
import java.util.function.Consumer;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorException;
import org.jspecify.annotations.Nullable;

/** Runs entry processors, each atomically on its entry. Thread-safe. */
final class Processing<K, V> {

    private final Leased<K, V> leased;
    private final @Nullable ReadThrough<K, V> loader;
    private final Statistics statistics;

    private record Ran<T>(boolean existed, @Nullable T result) {}

    Processing(Leased<K, V> leased, @Nullable ReadThrough<K, V> loader, Statistics statistics) {
        this.leased = leased;
        this.loader = loader != null && loader.onMiss() ? loader : null;
        this.statistics = statistics;
    }

    /** @param checker refuses a value of the wrong type */
    <T> @Nullable T invoke(K key, EntryProcessor<K, V, T> processor, Consumer<V> checker, Object... arguments) {
        Ran<T> ran = leased.run(key, seen -> {
            var entry = new ProcessedEntry<K, V>(key, seen, loader == null ? null : loader::load);
            T result = process(processor, entry, arguments);
            Ran<T> end = new Ran<>(seen != null, result);
            return switch (entry.change()) {
                case NONE -> Decision.keep(end);
                case READ -> Decision.access(end);
                case LOADED -> Decision.load(Objects.requireNonNull(entry.value()), end);
                case REMOVED -> Decision.remove(end);
                case SET -> {
                    checker.accept(Objects.requireNonNull(entry.value()));
                    yield Decision.put(entry.value(), end);
                }
            };
        });
        statistics.read(ran.existed());
        return ran.result();
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
