package dev.lockstep.spring.boot;

import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import org.jspecify.annotations.Nullable;

/**
 * Asks the cluster for its caches and replicas, and waits no longer than it was told to. A question that is not answered yet is not asked again
 * meanwhile. Thread-safe; the lock guards the question.
 */
public final class ClusterProbe implements AutoCloseable {

    private final CacheManager manager;
    private final Duration patience;
    private final EventLoop loop = EventLoop.threaded("lockstep-probe");
    private @Nullable CompletableFuture<Answer> asked;

    private record Answer(List<String> caches, Map<ReplicaStatus.State, Long> replicas) {}

    /** @param patience how long an answer is waited for */
    public ClusterProbe(CacheManager manager, Duration patience) {
        this.manager = manager;
        this.patience = patience;
    }

    /** The URI that the CacheManager was opened with. */
    public String uri() {
        return manager.getURI().toString();
    }

    /**
     * The names of the cluster's caches.
     *
     * @throws CacheException when the cluster refuses, or does not answer in time
     */
    public List<String> caches() {
        return ask().caches();
    }

    /**
     * Counts the replicas of the cluster's nodes by state; those of nodes that don't answer are missing.
     *
     * @throws CacheException when the cluster refuses, or does not answer in time
     */
    public Map<ReplicaStatus.State, Long> replicas() {
        return ask().replicas();
    }

    private Answer ask() {
        try {
            return question().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause() == null ? failed : failed.getCause();
            throw new CacheException(String.valueOf(cause.getMessage()), cause);
        } catch (TimeoutException late) {
            throw new CacheException("No answer within " + patience.toMillis() + " ms", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CacheException("Interrupted while waiting", interrupted);
        }
    }

    private synchronized CompletableFuture<Answer> question() {
        if (asked == null || asked.isDone()) {
            asked = CompletableFuture.supplyAsync(this::answer, loop);
        }
        return asked;
    }

    private Answer answer() {
        List<String> names = new ArrayList<>();
        manager.getCacheNames().forEach(names::add);
        return new Answer(names, manager instanceof LockstepCacheManager lockstep ? lockstep.replicas() : Map.of());
    }

    @Override
    public void close() {
        loop.close();
    }
}
