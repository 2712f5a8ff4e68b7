package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.io.Closeable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Effects of CacheManagers that share a cluster on each other's caches. */
abstract class SharedParity extends LeaseParity {

    private CacheManager other;

    @BeforeEach
    void openAnother() {
        other = another();
    }

    /** Nodes of the cluster that run as processes. */
    abstract NodeProcesses nodes();

    @Override
    Map<Integer, Long> terms() {
        try (Clients clients = new Clients("processes", nodes().addresses())) {
            return clients.open().replicas().join().values().stream()
                    .flatMap(List::stream)
                    .collect(Collectors.toMap(ReplicaStatus::group, ReplicaStatus::term, Math::max));
        }
    }

    private static MutableConfiguration<Integer, String> otherTypes() {
        return new MutableConfiguration<Integer, String>().setTypes(Integer.class, String.class);
    }

    @Test
    void getCacheAttachesToTheCacheThatWasCreatedAnewElsewhere() throws Exception {
        Cache<String, Integer> old = manager().createCache("anew", types());
        old.put("a", 1);
        other.destroyCache("anew");
        Cache<Integer, String> theirs = other.createCache("anew", otherTypes());
        theirs.put(1, "one");
        Cache<Integer, String> mine = manager().getCache("anew", Integer.class, String.class);
        Eventually.holds("theirs is seen", () -> "one".equals(mine.get(1)));
        assertThat(old.isClosed()).isTrue();
        assertThatThrownBy(() -> old.get("a"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("anew")
                .hasMessageContaining("destroyed");
        assertThat((Object) manager().getCache("anew")).isSameAs(mine);
    }

    @Test
    void getCacheFindsNothingOnceTheCacheWasDestroyedElsewhere() {
        Cache<String, Integer> old = manager().createCache("gone", types());
        other.destroyCache("gone");
        assertThat((Object) manager().getCache("gone")).isNull();
        assertThat(old.isClosed()).isTrue();
    }

    @Test
    void createCacheCreatesWhatWasDestroyedElsewhere() throws Exception {
        Cache<String, Integer> old = manager()
                .createCache("again", types().setStatisticsEnabled(true).setManagementEnabled(true));
        old.put("a", 1);
        other.destroyCache("again");
        Cache<Integer, String> mine =
                manager().createCache("again", otherTypes().setStatisticsEnabled(true));
        mine.put(1, "one");
        assertThat(old.isClosed()).isTrue();
        assertThat(statistic("again", "CachePuts")).isEqualTo(1L);
        Cache<Integer, String> theirs = other.getCache("again");
        Eventually.holds("mine is seen", () -> "one".equals(theirs.get(1)));
        assertThatThrownBy(() -> manager().createCache("again", otherTypes())).isInstanceOf(CacheException.class);
        assertThat(mine.isClosed()).isFalse();
    }

    /** A writer that notes that it was closed. */
    private static final class ClosedWriter extends ForwardingWriter implements Closeable {

        private final AtomicInteger closed;

        ClosedWriter(AtomicInteger closed) {
            this.closed = closed;
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }

    @Test
    void theFirstOperationOnACacheThatWasDestroyedElsewhereClosesIt() throws Exception {
        AtomicInteger closed = new AtomicInteger();
        LockstepCache<String, Integer> old =
                cache("used", types().setWriteThrough(true).setCacheWriterFactory(() -> new ClosedWriter(closed)));
        old.put("a", 1);
        other.destroyCache("used");
        assertThat(foundOut(() -> old.put("a", 2))).hasMessageContaining("destroyed");
        assertThat(old.isClosed()).isTrue();
        Eventually.holds("the writer is closed", () -> closed.get() > 0);
        assertThat(closed).hasValue(1);
        LockstepCache<String, Integer> later = cache("used", types());
        other.destroyCache("used");
        assertThat(foundOut(() -> AsyncParity.end(later.async().put("a", 2)))).hasMessageContaining("destroyed");
        assertThat(later.isClosed()).isTrue();
        assertThat(manager().createCache("used", types()).get("a")).isNull();
    }

    /** The exception of an operation once the shard's leader has learned that the cache was destroyed. */
    private static IllegalStateException foundOut(Runnable operation) throws Exception {
        AtomicReference<IllegalStateException> thrown = new AtomicReference<>();
        Eventually.holds("the operation is refused", () -> {
            try {
                operation.run();
            } catch (IllegalStateException refused) {
                thrown.set(refused);
            }
            return thrown.get() != null;
        });
        return thrown.get();
    }

    @Test
    void aListenerDoesNotHearWhatAnotherManagerWroteBeforeItWasRegistered() throws Exception {
        Cache<String, Integer> mine = manager().createCache("others", types());
        Cache<String, Integer> theirs = other.createCache("others", types());
        for (int i = 0; i < 60; i++) {
            theirs.put("key-" + i, -1);
            Changes heard = new Changes();
            var listener = new MutableCacheEntryListenerConfiguration<>(() -> heard, null, false, i % 2 == 0);
            mine.registerCacheEntryListener(listener);
            theirs.put("key-" + i, i);
            Eventually.holds("the change after the registration is heard", () -> !heard.values.isEmpty());
            assertThat(heard.values).containsExactly(i);
            mine.deregisterCacheEntryListener(listener);
        }
    }
}
