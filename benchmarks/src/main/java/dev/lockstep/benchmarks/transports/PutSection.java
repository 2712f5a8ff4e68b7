package dev.lockstep.benchmarks.transports;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A put through JCache from a client's JVM to three server JVMs: ours in session consistency, and Hazelcast's with two
 * synchronous backups. Not thread-safe.
 */
final class PutSection {

    private static final Load ONE = new Load(1, CacheCluster.SHARDS);
    private static final Load MANY = new Load(64, CacheCluster.SHARDS);
    static final List<Load> LOADS = List.of(ONE, MANY);

    private final List<Storage> storages;
    private final String hazelcastClassPath;
    private final Effort effort;
    private final List<CacheCluster> clusters = new ArrayList<>();

    /** @param storages the first is for all but Raft logs too */
    PutSection(List<Storage> storages, String hazelcastClassPath, Effort effort) {
        this.storages = List.copyOf(storages);
        this.hazelcastClassPath = hazelcastClassPath;
        this.effort = effort;
    }

    List<Goal> run() throws IOException, InterruptedException {
        try {
            start();
            Comparison comparison = new Comparison(clusters, effort);
            comparison.run();
            List<String> ours =
                    storages.stream().map(CacheCluster::lockstepName).toList();
            String title = "Puts through JCache, 100 characters, a client and three servers in JVMs of their own";
            new Table(comparison).print(title, "puts", ours, List.of(CacheCluster.HAZELCAST));
            return ours.stream()
                    .flatMap(name -> goals(comparison, name).stream())
                    .toList();
        } finally {
            clusters.forEach(CacheCluster::close);
        }
    }

    private void start() throws IOException, InterruptedException {
        var home = storages.get(0).folder();
        for (Storage storage : storages) {
            Progress.tell("starting three nodes and a client: " + CacheCluster.lockstepName(storage));
            clusters.add(CacheCluster.lockstep(home, storage));
        }
        Progress.tell("starting three members and a client: " + CacheCluster.HAZELCAST);
        clusters.add(CacheCluster.hazelcast(home, hazelcastClassPath));
    }

    private static List<Goal> goals(Comparison comparison, String name) {
        String peer = CacheCluster.HAZELCAST;
        return List.of(
                Goal.atMost(
                        2, name + "/" + peer + ", p50 of one caller", comparison.ratio(name, peer, ONE, Measured::p50)),
                Goal.atLeast(
                        2,
                        name + "/" + peer + ", puts/s of 64 callers",
                        comparison.ratio(name, peer, MANY, Measured::rate)));
    }
}
