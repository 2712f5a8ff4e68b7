package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Spread;
import dev.lockstep.benchmarks.process.Progress;
import dev.lockstep.benchmarks.process.Scratch;
import dev.lockstep.benchmarks.process.Storage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Compares a round of Raft on our log with one on Ratis' own: three members in one JVM for each, logs on disk, machines that
 * do nothing. Arguments: a folder on disk, where the logs are kept meanwhile; and {@code --quick} for a run of two minutes. The
 * last line is the ratios of ours to Ratis' (latency of one caller, CPU of its rounds, puts of 64 callers), and the flushes a
 * second of the device while one caller puts on ours.
 */
final class Rounds {

    private static final Load ONE = new Load(1, 1);
    private static final Load MANY = new Load(64, 1);
    private static final Load SPREAD = new Load(64, RaftCluster.GROUPS);
    private static final List<Load> LOADS = List.of(ONE, MANY, SPREAD);
    private static final Effort QUICK = new Effort(10, 4, 3, 0, LOADS);
    private static final Effort FULL = new Effort(30, 8, 4, 0, LOADS);

    private Rounds() {}

    public static void main(String[] arguments) throws Exception {
        List<String> options = List.of(arguments).subList(1, arguments.length);
        if (!options.isEmpty() && !options.equals(List.of("--quick"))) {
            System.err.println("lockstep-bench: rounds takes --quick or nothing, not " + options);
            System.exit(2);
        }
        Storage disk = new Scratch(Path.of(arguments[0])).storages().get(0);
        List<RaftCluster> clusters = new ArrayList<>();
        try {
            clusters.add(RaftCluster.withLog("own", "direct", disk.folder()));
            clusters.add(RaftCluster.withLog("stock", "ratis", disk.folder()));
            for (RaftCluster cluster : clusters) {
                Progress.tell("opening " + RaftCluster.GROUPS + " groups: " + cluster.name());
                cluster.open();
            }
            Comparison comparison = new Comparison(clusters, options.isEmpty() ? FULL : QUICK);
            comparison.run();
            print(comparison);
        } finally {
            clusters.forEach(RaftCluster::close);
        }
    }

    private static void print(Comparison comparison) {
        String title = "Raft on our log and on Ratis', on disk, three members in one JVM, puts of 100 bytes";
        new Table(comparison).print(title, "rounds", List.of("own"), List.of("stock"));
        for (Load load : LOADS) {
            for (String name : comparison.names()) {
                Spread flushes = comparison.spread(name, load, Measured::flushes);
                System.out.printf(Locale.ROOT, "%-24s %-6s device flushes/s %s%n", load, name, flushes.text("%.0f"));
            }
        }
        System.out.printf(
                Locale.ROOT,
                "own/stock: p50=%.2f cpu=%.2f flushes=%.0f puts64=%.2f%n",
                comparison.ratio("own", "stock", ONE, Measured::p50).median(),
                comparison.ratio("own", "stock", ONE, Measured::cpuOfRounds).median(),
                comparison.spread("own", ONE, Measured::flushes).median(),
                comparison.ratio("own", "stock", MANY, Measured::rate).median());
    }
}
