package dev.lockstep.system.durability;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import javax.cache.Cache;
import javax.cache.CacheManager;

/** Clients that write, each to keys of its own, and what must be there of it. Not thread-safe. */
final class Load implements AutoCloseable {

    private static final int WRITERS = 6;
    /** The number of further writes that show that the cluster serves. */
    private static final int SOME = 150;

    private static final long STUCK_SECONDS = 60;

    private final List<Writer> writers = new ArrayList<>();
    private final LongAdder acknowledged = new LongAdder();
    private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    private final CacheManager reading;
    private final Cache<String, Long> reader;
    private CompletableFuture<Void> working = CompletableFuture.completedFuture(null);
    private volatile boolean end;

    /** Connects once all nodes are ready. */
    Load(NodeProcesses nodes) throws IOException {
        for (NodeProcess node : nodes.nodes()) {
            node.awaitReady();
        }
        // Longer than an election, shorter than a restart: some outcomes stay unknown.
        URI uri = URI.create(nodes.uri() + "?timeout=3s");
        reading = Writer.manager(URI.create(nodes.uri() + "?timeout=30s"));
        reader = Writer.cache(reading); // first: it has the patience
        for (int i = 0; i < WRITERS; i++) {
            writers.add(new Writer("w" + i, uri, acknowledged));
        }
    }

    /** All writers write, until {@link #stop}. */
    void begin() {
        end = false;
        working = CompletableFuture.allOf(writers.stream()
                .map(writer -> CompletableFuture.runAsync(() -> writer.work(() -> end), threads))
                .toArray(CompletableFuture[]::new));
    }

    /** Lets no client begin another write. Does not wait for those that are in flight. */
    void stop() {
        end = true;
    }

    /** Waits for the writes that are in flight: until they are answered or given up. */
    void awaitEnd() throws Exception {
        working.get(STUCK_SECONDS, TimeUnit.SECONDS);
    }

    long acknowledged() {
        return acknowledged.sum();
    }

    /** Waits until some more writes have been acknowledged. */
    void awaitService() throws Exception {
        long before = acknowledged();
        Eventually.holds(SOME + " writes are acknowledged", () -> acknowledged() >= before + SOME || working.isDone());
        if (working.isDone()) {
            working.get(); // tells why
        }
    }

    /** The acknowledged writes that are lost, a line for each key, by strong reads; while no client writes. */
    List<String> lost() {
        Set<String> keys = new HashSet<>();
        writers.forEach(writer -> keys.addAll(writer.ledger().keys()));
        @SuppressWarnings("unchecked")
        LockstepCache<String, Long> cache = reader.unwrap(LockstepCache.class);
        Map<String, Long> found = cache.strong().getAll(keys);
        List<String> lost = new ArrayList<>();
        writers.forEach(writer -> lost.addAll(writer.ledger().wrong(found)));
        return lost;
    }

    /** Counts the replicas by state. */
    Map<ReplicaStatus.State, Long> replicas() {
        return reading.unwrap(LockstepCacheManager.class).replicas();
    }

    @Override
    public void close() {
        end = true;
        threads.shutdownNow();
        writers.forEach(Writer::close);
        reading.close();
    }
}
