package dev.lockstep.benchmarks.peers;

import dev.lockstep.benchmarks.process.Progress;
import dev.lockstep.benchmarks.process.Scratch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Compares Lockstep with other JCache providers: one product at a time, each in fresh processes in each cycle, warmed up until its
 * rate is flat. Arguments: the folder of the peers' modules; a folder for files on disk, in which the results are left; and
 * {@code --quick} for a run of less than ten minutes, or names of topologies for these alone. The last line is Lockstep's ratios
 * to Hazelcast with three servers and a client.
 */
final class Peers {

    /** Four JVMs share a machine, and the JVM's default is a quarter of its memory. */
    private static final String HEAP = "1g";

    private static final int WINDOW_MILLIS = 500;

    /**
     * Each load runs for so long before it is measured. The second compiler compiles hot methods anew when one load alone runs for seconds, and
     * has taken a third of the CPU of the first two.
     */
    private static final int LEAD_IN_MILLIS = 1_000;

    private final Effort effort;
    private final Path modules;
    private final Path scratch;
    private final Results results = new Results();

    private Peers(Effort effort, Path modules, Path scratch) {
        this.effort = effort;
        this.modules = modules;
        this.scratch = scratch;
    }

    public static void main(String[] arguments) throws Exception {
        List<String> options = new ArrayList<>(List.of(arguments).subList(2, arguments.length));
        Effort effort = options.remove("--quick") ? Effort.quick() : Effort.full();
        List<Topology> topologies = effort.topologies();
        try {
            topologies = options.isEmpty()
                    ? topologies
                    : options.stream().map(Topology::parse).toList();
        } catch (IllegalArgumentException unknown) {
            System.err.println(
                    "lockstep-bench: peers takes --quick, client-server, embedded, local, not " + unknown.getMessage());
            System.exit(2);
        }
        Path home = Path.of(arguments[1]);
        Path scratch = new Scratch(home).storages().get(0).folder();
        Peers peers = new Peers(effort, Path.of(arguments[0]), scratch);
        for (Topology topology : topologies) {
            for (int cycle = 1; cycle <= effort.cycles(); cycle++) {
                for (Contestant contestant : effort.turns(topology, cycle)) {
                    peers.take(topology, contestant, cycle);
                }
            }
        }
        report(peers.results, topologies, Files.createDirectories(home.resolve("peers")));
    }

    private static void report(Results results, List<Topology> topologies, Path folder) throws IOException {
        Path json = Files.writeString(folder.resolve("peers.json"), Json.of(results));
        Path page = Files.writeString(folder.resolve("peers.html"), new Page(results).html());
        Report report = new Report(results);
        topologies.forEach(report::print);
        System.out.println();
        System.out.println("All figures: " + json);
        System.out.println("With plots: " + page);
        boolean failed =
                results.turns().stream().anyMatch(turn -> turn.failure().isPresent());
        report.printRatios();
        System.exit(failed ? 1 : 0);
    }

    /** A product that fails is left out of the cycle, and the others go on. */
    private void take(Topology topology, Contestant contestant, int cycle) throws InterruptedException {
        String what = "cycle " + cycle + " of " + effort.cycles() + ", " + topology + ", " + contestant;
        Progress.tell(what);
        Path folder = scratch.resolve(topology + "-" + contestant + "-" + cycle);
        long began = System.nanoTime();
        boolean flat = false;
        double warm = 0;
        Optional<String> failure = Optional.empty();
        try (Deployment deployment = new Deployment(contestant, topology, folder, modules, HEAP)) {
            began = System.nanoTime();
            flat = warmUp(deployment);
            warm = (System.nanoTime() - began) / 1e9;
            Progress.tell(String.format(
                    Locale.ROOT,
                    "%s: warmed up for %.0f s, its rate %s",
                    what,
                    warm,
                    flat ? "is flat" : "is not flat yet"));
            for (Load load : effort.loads()) {
                deployment.run(load, LEAD_IN_MILLIS);
                Measured measured = deployment.run(load, effort.millis());
                results.add(new Results.Entry(topology, contestant, cycle, load, measured));
            }
        } catch (IOException broken) {
            failure = Optional.of(String.valueOf(broken.getMessage()));
            Progress.tell(what + " failed: " + broken.getMessage());
        }
        results.add(new Results.Turn(topology, contestant, cycle, warm, flat, failure));
    }

    /** @return tells whether the rate has become flat in time */
    private boolean warmUp(Deployment deployment) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(effort.warmUpSeconds());
        WarmUp warmUp = new WarmUp();
        while (!warmUp.isFlat() && System.nanoTime() < end) {
            List<Double> rates = new ArrayList<>();
            for (Load load : effort.warmUp()) {
                rates.add(deployment.run(load, WINDOW_MILLIS).rate());
            }
            warmUp.add(rates);
        }
        return warmUp.isFlat();
    }
}
