package dev.lockstep.jcache.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.wire.Versions;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import javax.cache.configuration.Factory;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.event.CacheEntryEventFilter;
import javax.cache.event.CacheEntryListenerException;
import javax.cache.event.CacheEntryUpdatedListener;
import javax.cache.event.EventType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ListenerRegistrationTest {

    private final List<String> heard = new ArrayList<>();
    private @Nullable RuntimeException failure;
    private int closed;

    /** Hears of creations and updates alone. */
    private final class Recorder
            implements CacheEntryCreatedListener<String, String>, CacheEntryUpdatedListener<String, String>, Closeable {
        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends String, ? extends String>> events) {
            events.forEach(event -> record("created " + event.getKey()));
        }

        @Override
        public void onUpdated(Iterable<CacheEntryEvent<? extends String, ? extends String>> events) {
            events.forEach(event -> record("updated " + event.getKey()));
        }

        private void record(String event) {
            if (failure != null) {
                throw failure;
            }
            heard.add(event);
        }

        @Override
        public void close() {
            closed++;
        }
    }

    /** Lets pass what concerns the key {@code wanted}. */
    private final class Filter implements CacheEntryEventFilter<String, String>, Closeable {
        @Override
        public boolean evaluate(CacheEntryEvent<? extends String, ? extends String> event) {
            if (event.getKey().equals("broken")) {
                throw new IllegalStateException("the filter fails");
            }
            return event.getKey().equals("wanted");
        }

        @Override
        public void close() {
            closed++;
        }
    }

    private ListenerRegistration<String, String> registration(
            @Nullable Factory<? extends CacheEntryEventFilter<String, String>> filter) {
        return new ListenerRegistration<>(
                new MutableCacheEntryListenerConfiguration<>(Recorder::new, filter, false, true));
    }

    private static ChangedEntry<String, String> event(EventType type, String key) {
        return new ChangedEntry<>(NamedCache.of("prices"), type, key, "v", null, null, false);
    }

    @Test
    void aListenerHearsOfTheTypesThatItHasAMethodFor() {
        ListenerRegistration<String, String> registration = registration(null);
        for (EventType type : EventType.values()) {
            registration.tell(event(type, "k"));
        }

        assertThat(heard).containsExactly("created k", "updated k");
    }

    @Test
    void eventsThatTheFilterRefusesAreNotHeard() {
        ListenerRegistration<String, String> registration = registration(Filter::new);
        registration.tell(event(EventType.CREATED, "other"));
        registration.tell(event(EventType.CREATED, "wanted"));

        assertThat(heard).containsExactly("created wanted");
    }

    @Test
    void aFailureOfTheListenerOrItsFilterIsACacheEntryListenerException() {
        failure = new IllegalStateException("the listener fails");
        assertThatThrownBy(() -> registration(null).tell(event(EventType.CREATED, "k")))
                .isInstanceOf(CacheEntryListenerException.class)
                .hasCause(failure);
        assertThatThrownBy(() -> registration(Filter::new).tell(event(EventType.CREATED, "broken")))
                .isInstanceOf(CacheEntryListenerException.class)
                .hasRootCauseMessage("the filter fails");
    }

    @Test
    void aCacheEntryListenerExceptionIsNotWrapped() {
        failure = new CacheEntryListenerException("known");

        assertThatThrownBy(() -> registration(null).tell(event(EventType.CREATED, "k")))
                .isSameAs(failure);
    }

    @Test
    void onlyChangesAfterTheMomentOfTheRegistrationAreHeard() {
        SessionPositions positions = new SessionPositions(2);
        positions.saw(0, 5);
        ListenerRegistration<String, String> registration = registration(null);
        assertThat(registration.hears(0, Long.MAX_VALUE))
                .as("before it is registered")
                .isFalse();

        registration.from(positions.moment());
        assertThat(registration.hears(0, Versions.lastAt(5))).isFalse();
        assertThat(registration.hears(0, Versions.lastAt(5) + 1)).isTrue();
        assertThat(registration.hears(1, Versions.lastAt(5)))
                .as("another shard")
                .isTrue();
    }

    @Test
    void closeClosesTheListenerAndItsFilterOnce() {
        ListenerRegistration<String, String> registration = registration(Filter::new);
        registration.close();
        registration.close();

        assertThat(closed).isEqualTo(2);
    }

    @Test
    void aListenerThatCannotBeCreatedLeavesNoFilterOpen() {
        assertThatThrownBy(() -> new ListenerRegistration<>(new MutableCacheEntryListenerConfiguration<String, String>(
                        () -> {
                            throw new IllegalStateException("no listener");
                        },
                        Filter::new,
                        false,
                        true)))
                .hasMessage("no listener");
        assertThat(closed).isEqualTo(1);
    }
}
