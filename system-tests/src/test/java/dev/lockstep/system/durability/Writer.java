package dev.lockstep.system.durability;

import dev.lockstep.jcache.LockstepCacheException;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/** A client with a session of its own that writes to keys of its own, one after another. One thread at a time. */
final class Writer implements AutoCloseable {

    private static final int KEYS = 40;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final String name;
    private final CacheManager manager;
    private final Cache<String, Long> cache;
    private final Ledger ledger = new Ledger();
    private final LongAdder acknowledged;
    private final String[] keys = new String[KEYS];
    private int fresh;
    private int next;

    Writer(String name, URI uri, LongAdder acknowledged) {
        this.name = name;
        this.acknowledged = acknowledged;
        this.manager = manager(uri);
        this.cache = cache(manager);
        for (int i = 0; i < KEYS; i++) {
            keys[i] = freshKey();
        }
    }

    /** With a class loader of its own, or the provider would hand out one manager to all. */
    static CacheManager manager(URI uri) {
        return Caching.getCachingProvider().getCacheManager(uri, new ClassLoader(Writer.class.getClassLoader()) {});
    }

    static Cache<String, Long> cache(CacheManager manager) {
        return manager.createCache(
                "ledger", new MutableConfiguration<String, Long>().setTypes(String.class, Long.class));
    }

    private String freshKey() {
        return name + "." + fresh++;
    }

    Ledger ledger() {
        return ledger;
    }

    /** Writes until it shall end. */
    void work(BooleanSupplier end) {
        while (!end.getAsBoolean()) {
            next = (next + 1) % KEYS;
            String key = keys[next];
            long value = ledger.send(key);
            try {
                cache.put(key, value);
                ledger.acknowledged(key, value);
                acknowledged.increment();
            } catch (LockstepCacheException refused) {
                if (refused.kind() == LockstepCacheException.Kind.INDETERMINATE) {
                    // It may happen yet, and would then undo what came after it.
                    keys[next] = freshKey();
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
