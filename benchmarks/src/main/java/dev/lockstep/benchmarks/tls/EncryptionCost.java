package dev.lockstep.benchmarks.tls;

import dev.lockstep.benchmarks.Goal;
import dev.lockstep.benchmarks.Sample;
import dev.lockstep.benchmarks.Spread;
import dev.lockstep.benchmarks.Workload;
import dev.lockstep.benchmarks.process.Progress;
import dev.lockstep.cli.CliMain;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/**
 * Compares a client of three encrypted nodes with one of three others that are not: each workload on both, one after the other, in each
 * round. {@code --quick} for a run of three minutes. The last line is the ratios of the rates, encrypted to plain.
 */
public final class EncryptionCost {

    private static final int ENTRIES = 10_000;
    private static final String VALUE = "v".repeat(100);
    private static final int[] CALLERS = {1, 64};
    private static final String PLAIN = "plain";
    private static final String ENCRYPTED = "tls";

    private EncryptionCost() {}

    /** A cluster, and its workloads by their names. */
    record Contender(NodeProcesses nodes, CacheManager manager, Map<String, Workload> workloads)
            implements AutoCloseable {

        @Override
        public void close() {
            manager.close();
            nodes.close();
        }
    }

    public static void main(String[] arguments) throws Exception {
        List<String> options = List.of(arguments);
        if (!options.isEmpty() && !options.equals(List.of("--quick"))) {
            System.err.println("lockstep-bench: tls takes --quick or nothing, not " + options);
            System.exit(2);
        }
        boolean quick = !options.isEmpty();
        Path home = Files.createTempDirectory("lockstep-tls");
        try (Contender plain = contender(home.resolve(PLAIN), "", "", CALLERS);
                Contender encrypted = encrypted(home.resolve(ENCRYPTED), CALLERS)) {
            compare(plain, encrypted, quick ? 5 : 9, quick ? 3 : 5, quick ? 8 : 20);
        }
    }

    /** Starts three encrypted nodes and a client of theirs. */
    static Contender encrypted(Path home, int... callers) throws Exception {
        Path certificates = home.resolve("tls");
        StringWriter said = new StringWriter();
        int code = CliMain.run(
                new String[] {"tls", "init", certificates.toString(), "--node=node=127.0.0.1", "--client=client"},
                new PrintWriter(said),
                new PrintWriter(said));
        if (code != 0) {
            throw new IllegalStateException("There are no certificates: " + said);
        }
        return contender(
                home,
                "\ntls: {directory: \"" + certificates.resolve("node") + "\"}",
                "?tls.directory=" + certificates.resolve("client"),
                callers);
    }

    private static Contender contender(Path home, String settings, String query, int... numbers) throws Exception {
        NodeProcesses nodes = NodeProcesses.start(
                home, MemberPorts.reserve(3), "shards: 4" + settings, NodeProcesses.currentClassPath());
        CacheManager manager = Caching.getCachingProvider()
                .getCacheManager(URI.create(nodes.uri() + query), EncryptionCost.class.getClassLoader());
        Cache<String, String> cache = manager.createCache(
                "driver", new MutableConfiguration<String, String>().setTypes(String.class, String.class));
        for (int i = 0; i < ENTRIES; i++) {
            cache.put(key(i), VALUE);
        }
        Map<String, Workload> workloads = new LinkedHashMap<>();
        for (int callers : numbers) {
            String get = "get@" + callers;
            String put = "put@" + callers;
            workloads.put(get, new Workload(get, callers, i -> cache.get(key(i))));
            workloads.put(put, new Workload(put, callers, i -> cache.put(key(i), VALUE)));
        }
        return new Contender(nodes, manager, workloads);
    }

    private static String key(int number) {
        return "customer:" + Math.floorMod(number, ENTRIES);
    }

    private static void compare(Contender plain, Contender encrypted, int rounds, int seconds, int warmUp)
            throws InterruptedException {
        for (Contender contender : List.of(plain, encrypted)) {
            for (Workload workload : contender.workloads().values()) {
                Progress.tell("warming up " + workload.name());
                workload.run(warmUp);
            }
        }
        Map<String, List<Sample>> ofPlain = new LinkedHashMap<>();
        Map<String, List<Sample>> ofEncrypted = new LinkedHashMap<>();
        for (int round = 1; round <= rounds; round++) {
            Progress.tell("round " + round + " of " + rounds);
            for (String name : plain.workloads().keySet()) {
                run(plain, name, seconds, ofPlain);
                run(encrypted, name, seconds, ofEncrypted);
            }
        }
        System.out.printf(
                "%nThree nodes and a client, TLS 1.3 with certificates on both ends beside plain text; median [lowest-highest]%n%n");
        System.out.printf("%-8s %26s %26s %22s %22s%n", "", "plain/s", "tls/s", "rate tls/plain", "CPU tls/plain");
        Map<String, Spread> ratios = new LinkedHashMap<>();
        ofPlain.forEach((name, one) -> {
            List<Sample> other = ofEncrypted.getOrDefault(name, List.of());
            Spread rates = ratio(other, one, Sample::rate);
            ratios.put(name, rates);
            System.out.printf(
                    "%-8s %26s %26s %22s %22s%n",
                    name,
                    spread(one).text("%.0f"),
                    spread(other).text("%.0f"),
                    rates.text("%.2f"),
                    ratio(other, one, Sample::cpu).text("%.2f"));
        });
        System.out.println();
        System.out.println(
                Goal.atLeast(0.7, "session get of 64 callers", Objects.requireNonNull(ratios.get("get@64"))));
        System.out.println(Goal.atLeast(0.85, "put of 64 callers", Objects.requireNonNull(ratios.get("put@64"))));
        StringBuilder last = new StringBuilder("tls/plain:");
        ratios.forEach((name, ratio) -> last.append(String.format(Locale.ROOT, " %s=%.2f", name, ratio.median())));
        System.out.println(last);
    }

    private static void run(Contender contender, String name, int seconds, Map<String, List<Sample>> samples)
            throws InterruptedException {
        samples.computeIfAbsent(name, none -> new ArrayList<>())
                .add(Objects.requireNonNull(contender.workloads().get(name)).run(seconds));
    }

    private static Spread spread(List<Sample> samples) {
        return Spread.of(samples.stream().map(Sample::rate).toList());
    }

    /** The quotients of each round. */
    private static Spread ratio(List<Sample> these, List<Sample> those, ToDoubleFunction<Sample> figure) {
        double[] quotients = new double[these.size()];
        for (int i = 0; i < quotients.length; i++) {
            quotients[i] = figure.applyAsDouble(these.get(i)) / figure.applyAsDouble(those.get(i));
        }
        return Spread.of(quotients);
    }
}
