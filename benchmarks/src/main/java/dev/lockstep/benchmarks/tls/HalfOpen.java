package dev.lockstep.benchmarks.tls;

import dev.lockstep.benchmarks.Contender;
import dev.lockstep.benchmarks.Goal;
import dev.lockstep.benchmarks.Sample;
import dev.lockstep.benchmarks.Spread;
import dev.lockstep.benchmarks.process.Progress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Measures the cost of connections that never log in to a client: gets and puts of four callers on three encrypted nodes, calm and beside 5,000 connections
 * to one of the nodes from another address, in turn within each round. {@code --quick} for a run of two minutes. An operation that fails
 * ends the run. The last line is the ratios of the 99th percentiles.
 */
public final class HalfOpen {

    private static final int STRANGERS = 5_000;
    /** As long as it takes to open them all once. */
    private static final int GATHERING_SECONDS = 6;

    private static final List<String> WORKLOADS = List.of("get@4", "put@4");

    private HalfOpen() {}

    public static void main(String[] arguments) throws Exception {
        List<String> options = List.of(arguments);
        if (!options.isEmpty() && !options.equals(List.of("--quick"))) {
            System.err.println("lockstep-bench: strangers takes --quick or nothing, not " + options);
            System.exit(2);
        }
        boolean quick = !options.isEmpty();
        try (Contender nodes = EncryptionCost.encrypted(
                Files.createTempDirectory("lockstep-half-open").resolve("nodes"), 4)) {
            compare(nodes, quick ? 3 : 7, quick ? 5 : 10, quick ? 10 : 30);
        }
    }

    private static void compare(Contender nodes, int rounds, int seconds, int warmUp) throws Exception {
        String[] address =
                Objects.requireNonNull(nodes.nodes()).addresses().split(",")[0].split(":");
        InetSocketAddress node = new InetSocketAddress(address[0], Integer.parseInt(address[1]));
        for (String name : WORKLOADS) {
            Progress.tell("warming up " + name);
            run(nodes, name, warmUp);
        }
        Map<String, double[]> ratios = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            Progress.tell("round " + (round + 1) + " of " + rounds);
            for (String name : WORKLOADS) {
                Sample calm = run(nodes, name, seconds);
                try (Strangers strangers = new Strangers(node, STRANGERS)) {
                    run(nodes, name, GATHERING_SECONDS);
                    Sample beside = run(nodes, name, seconds);
                    ratios.computeIfAbsent(name, none -> new double[rounds])[round] = beside.p99() / calm.p99();
                    System.out.printf(
                            Locale.ROOT,
                            "%s: p99 %.2f ms calm, %.2f ms beside %d strangers; %.0f and %.0f a second%n",
                            name,
                            calm.p99() / 1e3,
                            beside.p99() / 1e3,
                            STRANGERS,
                            calm.rate(),
                            beside.rate());
                }
            }
        }
        StringBuilder last = new StringBuilder("p99 beside strangers/calm:");
        ratios.forEach((name, each) -> {
            Spread spread = Spread.of(each);
            System.out.println(Goal.atMost(3, "p99 of " + name, spread));
            last.append(String.format(Locale.ROOT, " %s=%.2f", name, spread.median()));
        });
        System.out.println(last + " failed=0");
    }

    private static Sample run(Contender nodes, String name, int seconds) throws InterruptedException {
        return Objects.requireNonNull(nodes.workloads().get(name)).run(seconds);
    }
}
