package dev.lockstep.system.load;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
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
import java.util.function.Consumer;
import javax.cache.Cache;
import javax.cache.CacheManager;

/** Clients that write, each to keys of its own, and what must be there of it. Not thread-safe. */
public final class Writers implements AutoCloseable {

    private static final int COUNT = 6;
    /** The number of further writes that show that the cluster serves. */
    private static final int SOME = 150;

    private static final long STUCK_SECONDS = 60;
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(30);

    private final List<Writer> writers = new ArrayList<>();
    private final LongAdder acknowledged = new LongAdder();
    private final ExecutorService threads;
    private final CacheManager reading;
    private final Cache<String, Long> reader;
    private CompletableFuture<Void> working = CompletableFuture.completedFuture(null);
    private volatile boolean end;

    /** The URI that a client connects to. */
    public interface Servers {
        URI uri(Duration timeout);
    }

    /** Connects six that write as fast as they can, once all nodes are ready. */
    public Writers(NodeProcesses nodes) throws IOException {
        // Longer than an election, shorter than a restart: some outcomes stay unknown.
        this(ready(nodes), COUNT, Duration.ofSeconds(3), Duration.ZERO, refused -> {});
    }

    private static Servers ready(NodeProcesses nodes) throws IOException {
        for (NodeProcess node : nodes.nodes()) {
            node.awaitReady();
        }
        URI uri = nodes.uri();
        return timeout -> URI.create(uri + "?timeout=" + timeout.toMillis() + "ms");
    }

    /**
     * Connects some that pause between their writes.
     *
     * @param refusals takes the exceptions with which writes end, on any thread
     */
    public Writers(
            Servers servers, int count, Duration timeout, Duration pause, Consumer<LockstepCacheException> refusals) {
        threads = Executors.newFixedThreadPool(count);
        reading = Writer.manager(servers.uri(READ_TIMEOUT));
        reader = Writer.cache(reading); // first: it has the patience
        for (int i = 0; i < count; i++) {
            writers.add(new Writer("w" + i, servers.uri(timeout), pause, acknowledged, refusals));
        }
    }

    /** All writers write, until {@link #stop}. */
    public void begin() {
        end = false;
        working = CompletableFuture.allOf(writers.stream()
                .map(writer -> CompletableFuture.runAsync(() -> writer.work(() -> end), threads))
                .toArray(CompletableFuture[]::new));
    }

    /** Lets no client begin another write. Does not wait for those that are in flight. */
    public void stop() {
        end = true;
    }

    /** Waits for the writes that are in flight: until they are answered or given up. */
    public void awaitEnd() throws Exception {
        working.get(STUCK_SECONDS, TimeUnit.SECONDS);
    }

    public long acknowledged() {
        return acknowledged.sum();
    }

    /** Waits until some more writes have been acknowledged. */
    public void awaitService() throws Exception {
        long before = acknowledged();
        Eventually.holds(SOME + " writes are acknowledged", () -> acknowledged() >= before + SOME || working.isDone());
        if (working.isDone()) {
            working.get(); // tells why
        }
    }

    /** The acknowledged writes that are lost, a line for each key, by strong reads; while no client writes. */
    public List<String> lost() {
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
    public Map<ReplicaStatus.State, Long> replicas() {
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
