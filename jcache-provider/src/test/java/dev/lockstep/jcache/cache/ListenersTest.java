package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.event.CacheEntryListenerException;
import javax.cache.event.CacheEntryRemovedListener;
import javax.cache.event.CacheEntryUpdatedListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Listeners as an application sees them: synchronous ones have been called when an operation returns. */
class ListenersTest {

    private final TestCache fixture = new TestCache();
    private final SessionCache<String, Object> cache = fixture.open();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final CacheEntryListenerConfiguration<String, Object> synchronous = configuration(true);

    @AfterEach
    void close() {
        fixture.close();
    }

    private final class Recorder
            implements CacheEntryCreatedListener<String, Object>,
                    CacheEntryUpdatedListener<String, Object>,
                    CacheEntryRemovedListener<String, Object> {
        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends String, ?>> events) {
            record("created", events);
        }

        @Override
        public void onUpdated(Iterable<CacheEntryEvent<? extends String, ?>> events) {
            record("updated", events);
        }

        @Override
        public void onRemoved(Iterable<CacheEntryEvent<? extends String, ?>> events) {
            record("removed", events);
        }

        private void record(String what, Iterable<CacheEntryEvent<? extends String, ?>> events) {
            events.forEach(event -> {
                if ("fails".equals(event.getValue())) {
                    throw new IllegalStateException("the listener fails");
                }
                heard.add(what + " " + event.getKey() + " " + event.getOldValue() + " -> " + event.getValue());
            });
        }
    }

    private CacheEntryListenerConfiguration<String, Object> configuration(boolean isSynchronous) {
        return new MutableCacheEntryListenerConfiguration<>(Recorder::new, null, true, isSynchronous);
    }

    @Test
    void aSynchronousListenerHasHeardOfAChangeWhenTheOperationReturns() {
        cache.registerCacheEntryListener(synchronous);
        cache.put("k", "v");
        cache.put("k", "w");
        cache.remove("k");

        assertThat(heard).containsExactly("created k null -> v", "updated k v -> w", "removed k w -> w");
    }

    @Test
    void aListenerHearsOfTheChangesOfOtherClients() {
        cache.registerCacheEntryListener(synchronous);
        fixture.open().put("k", "theirs");

        LeasedUpdatesTest.awaitUntil(() -> heard.size() == 1);
        assertThat(heard).containsExactly("created k null -> theirs");
    }

    @Test
    void changesBeforeTheRegistrationAreNotDelivered() {
        cache.put("k", "v");
        cache.registerCacheEntryListener(synchronous);
        cache.put("k", "w");

        assertThat(heard).containsExactly("updated k v -> w");
    }

    @Test
    void anAsynchronousListenerHearsOfAChangeInTheEnd() {
        cache.registerCacheEntryListener(configuration(false));
        cache.put("k", "v");

        LeasedUpdatesTest.awaitUntil(() -> heard.size() == 1);
        assertThat(heard).containsExactly("created k null -> v");
    }

    @Test
    void aSynchronousListenerThatFailsFailsTheOperationAfterItsChange() {
        cache.registerCacheEntryListener(synchronous);

        assertThatThrownBy(() -> cache.put("k", "fails")).isInstanceOf(CacheEntryListenerException.class);
        assertThat(cache.get("k")).isEqualTo("fails");
    }

    @Test
    void aListenerIsRegisteredOnceAndHearsNothingAfterItWasDeregistered() {
        cache.registerCacheEntryListener(synchronous);
        assertThatThrownBy(() -> cache.registerCacheEntryListener(synchronous))
                .isInstanceOf(IllegalArgumentException.class);
        cache.deregisterCacheEntryListener(synchronous);
        cache.put("k", "v");

        assertThat(heard).isEmpty();
    }
}
