package dev.lockstep.benchmarks;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The cost of durability: puts on three nodes of each durability and store side by side, puts on one node while it
 * takes one checkpoint after the other and while it takes none, and how long a killed node is away. Arguments: entries
 * of the node that takes checkpoints (1,000,000; and a tenth of that), rounds (3), seconds for each measurement (5).
 */
public final class Durability {

    private static final int HOT = 10_000;
    private static final int WARM_UP_SECONDS = 8;

    private Durability() {}

    public static void main(String[] arguments) throws Exception {
        int entries = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 3;
        int seconds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 5;
        Path home = Files.createTempDirectory("lockstep-durability");
        durabilities(home, rounds, seconds);
        checkpoints(home.resolve("few"), entries / 10, rounds, seconds);
        checkpoints(home.resolve("many"), entries, rounds, seconds);
    }

    /** The clusters run side by side; only one is under load at a time. */
    private static void durabilities(Path home, int rounds, int seconds) throws Exception {
        Map<String, Samples> all = new LinkedHashMap<>();
        try (Cluster process = Cluster.start(home.resolve("process"), 3, "durability: process", "512m");
                Cluster disk = Cluster.start(home.resolve("disk"), 3, "durability: disk", "512m");
                Cluster rocks =
                        Cluster.start(home.resolve("rocks-process"), 3, "durability: process, store: rocksdb", "512m");
                Cluster rocksDisk =
                        Cluster.start(home.resolve("rocks-disk"), 3, "durability: disk, store: rocksdb", "512m")) {
            for (int round = 0; round <= rounds; round++) {
                for (int callers : new int[] {1, 64}) {
                    double base = 0;
                    for (Cluster cluster : List.of(process, disk, rocks, rocksDisk)) {
                        String name = cluster.name() + ", " + callers + (callers == 1 ? " caller" : " callers");
                        Sample sample = cluster.put(name, callers)
                                .run(round == 0 ? Math.max(seconds, WARM_UP_SECONDS) : seconds);
                        base = base == 0 ? sample.rate() : base;
                        if (round > 0) {
                            all.computeIfAbsent(name, none -> new Samples()).add(sample, sample.rate() / base);
                        }
                    }
                }
            }
        }
        print("three nodes", "ratio to process", all);
    }

    private static void checkpoints(Path home, int entries, int rounds, int seconds) throws Exception {
        Map<String, Samples> all = new LinkedHashMap<>();
        List<Double> ratios = new ArrayList<>();
        try (Cluster cluster = Cluster.start(home, 1, "checkpoint-entries: 10000000, checkpoint-interval: 1d", "3g")) {
            long filled = System.nanoTime();
            cluster.fill(entries);
            System.out.printf(Locale.ROOT, "%n%,d entries written in %.1f s%n", entries, since(filled));
            cluster.put("warm-up", 1).run(WARM_UP_SECONDS);
            for (int round = 0; round < rounds; round++) {
                Sample without = cluster.put("none", 1).run(seconds);
                all.computeIfAbsent("no checkpoint, 1 caller", none -> new Samples())
                        .add(without, 1);
                AtomicBoolean over = new AtomicBoolean();
                Thread taking = new Thread(() -> {
                    while (!over.get()) {
                        cluster.takeCheckpoint();
                    }
                });
                taking.start();
                Sample with = cluster.put("all the time", 1).run(seconds);
                over.set(true);
                taking.join();
                all.computeIfAbsent("checkpoints, 1 caller", none -> new Samples())
                        .add(with, with.rate() / without.rate());
                ratios.add(with.p99() / without.p99());
            }
            print("one node, " + entries + " entries", "ratio to none", all);
            System.out.println(
                    "p99 with checkpoints / without: " + Spread.of(ratios).text("%.2f"));
            long took = System.nanoTime();
            cluster.takeCheckpoint();
            System.out.printf(Locale.ROOT, "one checkpoint: %.2f s%n", since(took));
            List<Double> starts = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                starts.add(cluster.restart());
            }
            System.out.println("killed and ready again, from a checkpoint, s: "
                    + Spread.of(starts).text("%.2f"));
        }
    }

    private static double since(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    private static void print(String what, String ratio, Map<String, Samples> all) {
        System.out.printf("%n%-48s %24s %22s %9s %9s %8s%n", what, "operations/s", ratio, "p50 us", "p99 us", "CPU us");
        all.forEach((name, samples) -> System.out.printf("%-48s %s%n", name, samples));
    }

    /** Nodes with one cache in one shard, and a client of them. */
    private record Cluster(String name, NodeProcesses nodes, Clients clients, Session session, Entries entries)
            implements AutoCloseable {

        static Cluster start(Path home, int count, String ofEachNode, String heap) throws IOException {
            List<MemberPorts> members = MemberPorts.reserve(count);
            NodeProcesses nodes = NodeProcesses.start(
                    home,
                    members,
                    id -> NodeProcesses.configuration(id, members, "shards: 1")
                            .replace("data: data", "data: data, " + ofEachNode),
                    Map.of("_JAVA_OPTIONS", "-Xmx" + heap));
            Clients clients = new Clients("processes", nodes.addresses());
            Session session = clients.open();
            return new Cluster(ofEachNode, nodes, clients, session, Entries.create(session));
        }

        Workload put(String workload, int callers) {
            return new Workload(workload, callers, i -> entries.put(i % HOT).join());
        }

        void fill(int count) {
            entries.fill(count);
        }

        /** Has the node take one, and waits until it has. */
        void takeCheckpoint() {
            long since = session.fetchCheckpoint(0, 0, 0, 0, 0).join().since();
            boolean taken = false;
            while (!taken) {
                try {
                    session.fetchCheckpoint(0, since, 0, 0, 0).join();
                    taken = true;
                } catch (CompletionException failure) {
                    if (!(Futures.cause(failure) instanceof RequestFailedException refused)
                            || refused.status() != Status.BUSY) {
                        throw failure;
                    }
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
                }
            }
        }

        /** Seconds from the start of a node that was killed until it can serve. */
        double restart() throws IOException {
            NodeProcess node = nodes.node(0);
            node.kill();
            long started = System.nanoTime();
            node.restart();
            node.awaitReady();
            return since(started);
        }

        @Override
        public void close() {
            session.close();
            clients.close();
            nodes.close();
        }
    }
}
