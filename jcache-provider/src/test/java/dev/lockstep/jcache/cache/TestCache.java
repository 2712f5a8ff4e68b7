package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.event.ListenerThreads;
import dev.lockstep.jcache.event.Listeners;
import dev.lockstep.jcache.expiry.Expiry;
import dev.lockstep.jcache.expiry.ExpiryRules;
import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.jcache.marshalling.Marshallers;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.ExpiryRule;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.cache.CacheManager;
import javax.cache.configuration.FactoryBuilder;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.expiry.ExpiryPolicy;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheWriter;

/** Caches of strings on a {@link FakeCluster}, configured by the test and closed with this. Each is another client's. */
final class TestCache implements AutoCloseable {

    final MutableConfiguration<String, Object> configuration = new MutableConfiguration<String, Object>()
            .setTypes(String.class, Object.class)
            .setStatisticsEnabled(true);
    private final List<SessionCache<?, ?>> opened = new ArrayList<>();
    private ExpiryRule rule = ExpiryRule.ETERNAL;
    private String expiryPolicy = "";
    private EntryProcessing processing = EntryProcessing.LEASED;
    private FakeCluster cluster;

    TestCache loading(CacheLoader<String, Object> loader) {
        configuration.setReadThrough(true).setCacheLoaderFactory(new FactoryBuilder.SingletonFactory<>(loader));
        return this;
    }

    TestCache writing(CacheWriter<String, Object> writer) {
        configuration.setWriteThrough(true).setCacheWriterFactory(new FactoryBuilder.SingletonFactory<>(writer));
        return this;
    }

    TestCache expiring(ExpiryPolicy policy) {
        configuration.setExpiryPolicyFactory(new FactoryBuilder.SingletonFactory<>(policy));
        rule = ExpiryRules.isStandard(policy) ? ExpiryRules.of(policy) : ExpiryRule.ETERNAL;
        expiryPolicy = ExpiryRules.isStandard(policy) ? "" : policy.getClass().getName();
        return this;
    }

    TestCache processing(EntryProcessing way) {
        processing = way;
        return this;
    }

    FakeCluster cluster() {
        if (cluster == null) {
            cluster = new FakeCluster(new CacheDefinition(
                    "prices",
                    "java.lang.String",
                    "java.lang.Object",
                    rule,
                    expiryPolicy,
                    0,
                    0,
                    Consistency.SESSION,
                    processing));
        }
        return cluster;
    }

    /** Opens the cache in a session of its own. */
    SessionCache<String, Object> open() {
        SessionCache<String, Object> cache = new SessionCache<>(
                new ManagerContext(manager(), cluster().session(), closed -> {}),
                new MutableConfiguration<>(configuration),
                cluster().info(),
                Marshallers.of(new Properties(), TestCache.class.getClassLoader(), "prices"),
                null,
                new ApplicationCode<>("prices", configuration));
        opened.add(cache);
        return cache;
    }

    /** A client of the cache alone, in a session of its own, whose lifetimes are left to the cache's rule. */
    CacheClient<String, Object> client(EntryCodec<String, Object> codec, Runnable onDestroyed) {
        Session session = cluster().session();
        Listeners<String, Object> none = new Listeners<>(
                session, new ListenerThreads(), FakeCluster.CACHE, open(), codec::key, codec::value, null);
        return new CacheClient<>(
                session, cluster().info(), codec, Expiry.BY_RULE, Consistency.SESSION, none, onDestroyed);
    }

    CacheClient<String, Object> client() {
        Marshaller standard = Marshallers.of(new Properties(), TestCache.class.getClassLoader(), "prices");
        return client(new EntryCodec<>(standard, standard), () -> {});
    }

    static Statistics statistics(SessionCache<?, ?> cache) {
        return (Statistics) cache.unwrap(javax.cache.management.CacheStatisticsMXBean.class);
    }

    private static CacheManager manager() {
        return (CacheManager) Proxy.newProxyInstance(
                TestCache.class.getClassLoader(),
                new Class<?>[] {CacheManager.class},
                (proxy, method, arguments) -> method.getName().equals("getURI") ? URI.create("lockstep:test") : null);
    }

    @Override
    public void close() {
        opened.forEach(SessionCache::close);
    }
}
