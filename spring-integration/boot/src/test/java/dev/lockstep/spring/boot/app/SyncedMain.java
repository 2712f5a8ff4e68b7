package dev.lockstep.spring.boot.app;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * An application whose threads all ask one cached method for the same keys, when a line on its input says so; the line names the
 * method: {@code synced}, {@code later} or {@code plain}. Says how often the method has run, and what it gave.
 */
public final class SyncedMain {

    private SyncedMain() {}

    /** @param arguments the threads, the keys, and then arguments of Boot */
    public static void main(String[] arguments) throws Exception {
        int threads = Integer.parseInt(arguments[0]);
        int keys = Integer.parseInt(arguments[1]);
        String[] boots = List.of(arguments).subList(2, arguments.length).toArray(String[]::new);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(ShopApplication.class)
                .web(WebApplicationType.NONE)
                .run(boots)) {
            Ledger ledger = context.getBean(Ledger.class);
            Map<String, IntFunction<Object>> methods = Map.of(
                    "synced", key -> ledger.synced(key, "main"),
                    "later", key -> ledger.later(key, "main").join(),
                    "plain", key -> ledger.plain(key, "main"));
            System.out.println("ready");
            String line = read();
            while (line != null) {
                System.out.println(asked(pool, threads, keys, ledger, methods.get(line)));
                line = read();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static String read() throws java.io.IOException {
        StringBuilder line = new StringBuilder();
        int next = System.in.read();
        while (next >= 0 && next != '\n') {
            line.append((char) next);
            next = System.in.read();
        }
        return next < 0 ? null : line.toString();
    }

    private static String asked(ExecutorService pool, int threads, int keys, Ledger ledger, IntFunction<Object> method)
            throws Exception {
        int before = ledger.runs();
        Map<Integer, String> values = new ConcurrentHashMap<>();
        List<Callable<Boolean>> tasks = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            tasks.add(() -> {
                boolean same = true;
                for (int key = 0; key < keys; key++) {
                    String value = String.valueOf(method.apply(key));
                    same &= value.equals(values.computeIfAbsent(key, none -> value));
                }
                return same;
            });
        }
        boolean same = true;
        for (Future<Boolean> result : pool.invokeAll(tasks)) {
            same &= result.get();
        }
        return "runs=" + (ledger.runs() - before) + " same=" + same + " values=" + new TreeMap<>(values);
    }
}
