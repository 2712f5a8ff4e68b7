package dev.lockstep.system.load;

import dev.lockstep.jcache.LockstepCacheException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/** A client with a session of its own that writes to keys of its own, one after another. One thread at a time. */
final class Writer implements AutoCloseable {

    private static final int KEYS = 40;
    /** After a refusal. */
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final String name;
    private final CacheManager manager;
    private final Cache<String, Long> cache;
    private final Ledger ledger = new Ledger();
    private final long pauseNanos;
    private final LongAdder acknowledged;
    private final Consumer<LockstepCacheException> refusals;
    private final String[] keys = new String[KEYS];
    private int fresh;
    private int next;

    /** @param refusals takes the exceptions with which writes end */
    Writer(String name, URI uri, Duration pause, LongAdder acknowledged, Consumer<LockstepCacheException> refusals) {
        this.name = name;
        this.pauseNanos = pause.toNanos();
        this.acknowledged = acknowledged;
        this.refusals = refusals;
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
                LockSupport.parkNanos(pauseNanos);
            } catch (LockstepCacheException refused) {
                refusals.accept(refused);
                if (refused.kind() == LockstepCacheException.Kind.INDETERMINATE) {
                    // It may happen yet, and would then undo what came after it.
                    keys[next] = freshKey();
                }
                LockSupport.parkNanos(REST_NANOS);
            }
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
