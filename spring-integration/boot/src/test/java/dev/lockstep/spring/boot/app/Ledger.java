package dev.lockstep.spring.boot.app;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.stereotype.Service;

/** A slow store, read in three ways. What it gives tells which process read it, and at which attempt. */
@Service
public class Ledger {

    private final AtomicInteger runs = new AtomicInteger();

    @Cacheable(cacheNames = "synced", sync = true)
    public String synced(int key) {
        return read(key);
    }

    @Cacheable(cacheNames = "later", sync = true)
    public CompletableFuture<String> later(int key) {
        return CompletableFuture.supplyAsync(
                () -> read(key), CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS));
    }

    @Cacheable("plain")
    public String plain(int key) {
        return read(key);
    }

    /** How often it was read in this process. */
    public int runs() {
        return runs.get();
    }

    private String read(int key) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        return key + " of " + ProcessHandle.current().pid() + " at " + runs.incrementAndGet();
    }
}
