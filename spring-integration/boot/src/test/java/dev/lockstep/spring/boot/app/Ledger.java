package dev.lockstep.spring.boot.app;

import java.io.Serializable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.stereotype.Service;

/**
 * A slow store, read in three ways. Its value names the process that read it, and the attempt; of key 0 it has nothing.
 */
@Service
public class Ledger {

    /** One JVM reads what only the other one has written. */
    public record Entry(int key, long process, int run) implements Serializable {}

    private final AtomicInteger runs = new AtomicInteger();

    @Cacheable(cacheNames = "synced", sync = true)
    public Entry synced(int key, String name) {
        return read(key);
    }

    @Cacheable(cacheNames = "later", sync = true)
    public CompletableFuture<Entry> later(int key, String name) {
        return CompletableFuture.supplyAsync(
                () -> read(key), CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS));
    }

    @Cacheable("plain")
    public Entry plain(int key, String name) {
        return read(key);
    }

    /** Counts the reads in this process. */
    public int runs() {
        return runs.get();
    }

    private Entry read(int key) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        int run = runs.incrementAndGet();
        return key == 0 ? null : new Entry(key, ProcessHandle.current().pid(), run);
    }
}
