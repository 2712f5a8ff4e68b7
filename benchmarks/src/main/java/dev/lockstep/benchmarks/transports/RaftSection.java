package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Goal;
import dev.lockstep.benchmarks.Spread;
import dev.lockstep.benchmarks.process.Progress;
import dev.lockstep.benchmarks.process.Storage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The transports at the level of the replicated log: what a round costs, and what groups cost at rest. Not thread-safe. */
final class RaftSection {

    /** The time after the last load within which its leftovers are done. */
    private static final long SETTLED_MILLIS = 2_000;

    private static final Load SYNC_PUT = new Load(1, 1);

    private final Storage storage;
    private final Effort effort;
    private final List<RaftCluster> clusters = new ArrayList<>();

    RaftSection(Storage storage, Effort effort) {
        this.storage = storage;
        this.effort = effort;
    }

    /** Ours for each of Netty's, with one caller and one group: median latency, and CPU of a round. */
    record Verdict(Storage storage, Spread syncPut, Spread cpu) {

        List<Goal> goals() {
            return List.of(
                    Goal.atMost(0.5, "own/netty, logs on " + storage.name() + ", p50 of one caller", syncPut),
                    Goal.atMost(0.5, "own/netty, logs on " + storage.name() + ", CPU of a round", cpu));
        }
    }

    Verdict run() throws IOException, InterruptedException {
        try {
            for (String transport : List.of("own", "netty", "grpc")) {
                Progress.tell("starting three members, logs on " + storage.name() + ": " + transport);
                clusters.add(new RaftCluster(transport, storage.folder()));
            }
            for (RaftCluster cluster : clusters) {
                Progress.tell("opening " + RaftCluster.GROUPS + " groups: " + cluster.name());
                cluster.open();
            }
            Comparison comparison = new Comparison(clusters, effort);
            comparison.run();
            String title = "Raft, logs on " + storage.name() + ", three JVMs, puts of 100 bytes";
            new Table(comparison).print(title, "rounds", List.of("own"), List.of("netty", "grpc"));
            printAtRest();
            return new Verdict(
                    storage,
                    comparison.ratio("own", "netty", SYNC_PUT, Measured::p50),
                    comparison.ratio("own", "netty", SYNC_PUT, Measured::cpuOfRounds));
        } finally {
            clusters.forEach(RaftCluster::close);
        }
    }

    /** Measures all at the same time, so that conditions are the same for all. */
    private void printAtRest() throws IOException, InterruptedException {
        Thread.sleep(SETTLED_MILLIS);
        Progress.tell("at rest for " + effort.restSeconds() + " s");
        long began = System.nanoTime();
        List<Duration> before = clusters.stream().map(Contender::cpu).toList();
        Thread.sleep(1_000L * effort.restSeconds());
        List<Duration> after = clusters.stream().map(Contender::cpu).toList();
        long nanos = System.nanoTime() - began;
        for (int i = 0; i < clusters.size(); i++) {
            System.out.printf(
                    Locale.ROOT,
                    "%d groups at rest, %-5s: %4.1f %% of a core, %d threads in three JVMs%n",
                    RaftCluster.GROUPS,
                    clusters.get(i).name(),
                    100.0 * after.get(i).minus(before.get(i)).toNanos() / nanos,
                    clusters.get(i).threads());
        }
    }
}
