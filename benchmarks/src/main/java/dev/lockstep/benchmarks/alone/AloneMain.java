package dev.lockstep.benchmarks.alone;

import dev.lockstep.benchmarks.process.Orders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.cache.CacheManager;
import javax.cache.Caching;

/**
 * A cache in this JVM alone, with the default manager of a provider. Argument: the class of the provider. Order:
 * {@code values operation callers seconds}; the answer is the number of operations, and the nanoseconds they took. No operation
 * is timed by itself, since that would take as long as the fastest of them.
 */
final class AloneMain {

    private AloneMain() {}

    public static void main(String[] arguments) throws Exception {
        Orders.endWithParent();
        CacheManager manager = Caching.getCachingProvider(arguments[0]).getCacheManager();
        Map<String, Calls<?>> calls = Map.of(
                "text", new Calls<>(manager, String.class, "v".repeat(100), "w".repeat(100)),
                "object",
                        new Calls<>(
                                manager,
                                Customer.class,
                                new Customer("Smith", 3, List.of("a book", "a lamp")),
                                new Customer("Smith", 4, List.of("a book", "a lamp", "a pen"))));
        Orders.serve(order -> run(
                Objects.requireNonNull(calls.get(order[0])),
                order[1],
                Integer.parseInt(order[2]),
                Duration.ofSeconds(Integer.parseInt(order[3]))));
        System.exit(0);
    }

    private static String run(Calls<?> calls, String operation, int callers, Duration time) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        try {
            long began = System.nanoTime();
            long end = began + time.toNanos();
            List<Callable<Long>> tasks = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                tasks.add(() -> callUntil(end, calls, operation));
            }
            long operations = 0;
            for (Future<Long> caller : threads.invokeAll(tasks)) {
                operations += caller.get();
            }
            return operations + " " + (System.nanoTime() - began);
        } finally {
            threads.shutdownNow();
        }
    }

    private static long callUntil(long end, Calls<?> calls, String operation) {
        long operations = 0;
        while (System.nanoTime() < end) {
            switch (operation) {
                case "put" -> calls.put();
                case "invoke" -> calls.invoke();
                case "get" -> calls.get();
                default -> throw new IllegalArgumentException("There is no operation " + operation);
            }
            operations += Calls.AT_ONCE;
        }
        return operations;
    }
}
