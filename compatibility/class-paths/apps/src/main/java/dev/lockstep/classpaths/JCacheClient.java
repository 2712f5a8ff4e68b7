package dev.lockstep.classpaths;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.configuration.FactoryBuilder;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;

/** Uses a cache as a client of a cluster: writes, reads, runs an entry processor, hears of its own write. */
public final class JCacheClient {

    private JCacheClient() {}

    /** @throws IllegalStateException when something is not as it should be */
    public static void use(CacheManager manager) throws InterruptedException {
        try (Cache<String, Integer> cache = manager.createCache(
                "stock", new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class))) {
            CountDownLatch heard = new CountDownLatch(1);
            CacheEntryCreatedListener<String, Integer> listener = events -> heard.countDown();
            cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<>(
                    new FactoryBuilder.SingletonFactory<>(listener), null, false, false));
            String tea = "tea of " + ProcessHandle.current().pid();
            cache.put(tea, 1);
            expect("get", 1, cache.get(tea));
            Integer left = cache.invoke(tea, (entry, arguments) -> {
                entry.setValue(entry.getValue() + 1);
                return entry.getValue();
            });
            expect("invoke", 2, left);
            expect("get after invoke", 2, cache.get(tea));
            expect("event within 30 s", true, heard.await(30, TimeUnit.SECONDS));
        }
        System.out.println("jcache ok");
    }

    /** @throws IllegalStateException unless both are equal */
    public static void expect(String subject, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new IllegalStateException(subject + ": " + actual + " instead of " + expected);
        }
    }
}
