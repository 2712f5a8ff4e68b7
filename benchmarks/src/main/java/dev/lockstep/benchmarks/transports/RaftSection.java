package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Spread;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * The transports at the level of the replicated log: three clusters of three JVMs, of which one at a time is driven, in turns,
 * so that what is compared has run side by side. Not thread-safe.
 */
final class RaftSection {

    private static final List<String> TRANSPORTS = List.of("own", "netty", "grpc");

    private final String storage;
    private final Path home;
    private final Effort effort;
    private final Map<Key, List<Measured>> all = new HashMap<>();

    /**
     * How much is measured.
     *
     * @param loads callers and groups
     */
    record Effort(int warmUpSeconds, int rounds, int seconds, List<Load> loads) {}

    /** So many callers, spread over so many groups. */
    record Load(int callers, int groups) {}

    private record Key(String transport, Load load) {}

    /** @param cpuSeconds of three JVMs, for 1000 rounds */
    private record Measured(Figures figures, double cpuSeconds) {}

    /** What was at rest: the fraction of a core, and the threads, of three JVMs. */
    private record Rest(double cores, int threads) {}

    /** @param storage what {@code home} is on, for people */
    RaftSection(String storage, Path home, Effort effort) {
        this.storage = storage;
        this.home = home;
        this.effort = effort;
    }

    /** Own against Netty in the first load: latency and CPU, median of the ratios of each round. */
    record Verdict(Spread syncPut, Spread cpu) {}

    Verdict run() throws IOException, InterruptedException {
        List<RaftCluster> clusters = new ArrayList<>();
        try {
            for (String transport : TRANSPORTS) {
                Progress.tell("starting " + transport + ", logs on " + storage);
                clusters.add(new RaftCluster(transport, home));
            }
            warmUp(clusters);
            Map<String, Rest> rests = new HashMap<>();
            for (RaftCluster cluster : clusters) {
                Progress.tell("at rest: " + cluster.transport());
                rests.put(cluster.transport(), rest(cluster));
            }
            for (int round = 1; round <= effort.rounds(); round++) {
                for (Load load : effort.loads()) {
                    for (RaftCluster cluster : clusters) {
                        Progress.tell("round " + round + ": " + cluster.transport() + ", " + load);
                        all.computeIfAbsent(new Key(cluster.transport(), load), none -> new ArrayList<>())
                                .add(measured(cluster, load));
                    }
                }
            }
            print(rests);
            Load first = effort.loads().get(0);
            return new Verdict(
                    ratio(first, "netty", measured -> measured.figures().p50()),
                    ratio(first, "netty", Measured::cpuSeconds));
        } finally {
            clusters.forEach(RaftCluster::close);
        }
    }

    private void warmUp(List<RaftCluster> clusters) throws IOException {
        for (RaftCluster cluster : clusters) {
            for (Load load : effort.loads()) {
                Progress.tell("warming up " + cluster.transport() + ", " + load);
                cluster.run(load.callers(), load.groups(), effort.warmUpSeconds());
            }
        }
    }

    private Rest rest(RaftCluster cluster) throws IOException, InterruptedException {
        Duration before = cluster.cpu();
        Thread.sleep(1000L * effort.seconds());
        return new Rest(cluster.cpu().minus(before).toNanos() / (1e9 * effort.seconds()), cluster.threads());
    }

    private Measured measured(RaftCluster cluster, Load load) throws IOException {
        Duration before = cluster.cpu();
        Figures figures = cluster.run(load.callers(), load.groups(), effort.seconds());
        double cpu = cluster.cpu().minus(before).toNanos() / 1e9;
        return new Measured(figures, cpu * 1000 / figures.rounds());
    }

    private Spread ratio(Load load, String other, ToDoubleFunction<Measured> figure) {
        List<Measured> own = all.get(new Key("own", load));
        List<Measured> others = all.get(new Key(other, load));
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < own.size(); round++) {
            ratios.add(figure.applyAsDouble(own.get(round)) / figure.applyAsDouble(others.get(round)));
        }
        return Spread.of(ratios);
    }

    private void print(Map<String, Rest> rests) {
        System.out.printf(
                "%nRaft, logs on %s, three JVMs, 100 bytes; median [lowest-highest] of %d rounds%n%-22s %-6s %26s %22s %9s %20s%n",
                storage, effort.rounds(), "callers, groups", "", "puts/s", "p50 us", "p99 us", "CPU s/1000 rounds");
        for (Load load : effort.loads()) {
            for (String transport : TRANSPORTS) {
                List<Measured> measured = all.get(new Key(transport, load));
                System.out.printf(
                        "%-22s %-6s %26s %22s %9.0f %20s%n",
                        load.callers() + ", " + load.groups(),
                        transport,
                        spread(measured, one -> one.figures().rate()).text("%.0f"),
                        spread(measured, one -> one.figures().p50()).text("%.0f"),
                        spread(measured, one -> one.figures().p99()).median(),
                        spread(measured, Measured::cpuSeconds).text("%.2f"));
            }
            for (String other : List.of("netty", "grpc")) {
                System.out.printf(
                        "%-22s own/%s: p50 %s, CPU %s%n",
                        "",
                        other,
                        ratio(load, other, one -> one.figures().p50()).text("%.2f"),
                        ratio(load, other, Measured::cpuSeconds).text("%.2f"));
            }
        }
        for (String transport : TRANSPORTS) {
            Rest rest = rests.get(transport);
            System.out.printf(
                    "%d groups at rest, %s: %.1f %% of a core, %d threads in three JVMs%n",
                    RaftCluster.GROUPS, transport, 100 * rest.cores(), rest.threads());
        }
    }

    private static Spread spread(List<Measured> measured, ToDoubleFunction<Measured> figure) {
        return Spread.of(measured.stream().mapToDouble(figure).toArray());
    }
}
