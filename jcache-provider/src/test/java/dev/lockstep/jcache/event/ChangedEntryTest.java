package dev.lockstep.jcache.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import javax.cache.CacheException;
import javax.cache.event.CacheEntryEvent;
import javax.cache.event.EventType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Events as JSR-107's {@link CacheEntryEvent} describes them. */
class ChangedEntryTest {

    private static CacheEntryEvent<String, String> event(
            EventType type, @Nullable String value, @Nullable String old, boolean withOld) {
        return new ChangedEntry<>(NamedCache.of("prices"), type, "k", value, null, old, withOld);
    }

    @Test
    void anUpdateHasBothValuesIfTheOldOneWasAskedFor() {
        CacheEntryEvent<String, String> updated = event(EventType.UPDATED, "new", "old", true);

        assertThat(updated.getValue()).isEqualTo("new");
        assertThat(updated.getOldValue()).isEqualTo("old");
        assertThat(updated.isOldValueAvailable()).isTrue();
    }

    @Test
    void anOldValueThatWasNotAskedForIsNotShown() {
        CacheEntryEvent<String, String> updated = event(EventType.UPDATED, "new", "old", false);

        assertThat(updated.getOldValue()).isNull();
        assertThat(updated.isOldValueAvailable()).isFalse();
    }

    @Test
    void theValueOfARemovalIsTheOneThatWasRemoved() {
        assertThat(event(EventType.REMOVED, null, "old", true).getValue()).isEqualTo("old");
        assertThat(event(EventType.EXPIRED, null, "old", false).getValue()).isNull();
    }

    @Test
    void aCreationHasNoOldValueEvenIfItWasAskedFor() {
        CacheEntryEvent<String, String> created = event(EventType.CREATED, "new", null, true);

        assertThat(created.isOldValueAvailable()).isFalse();
        assertThat(created.getValue()).isEqualTo("new");
    }

    @Test
    void aValueThatCannotBeReadFailsItsReadersAlone() {
        CacheException unreadable = new CacheException("class com.example.Price is not on the class path");
        CacheEntryEvent<String, String> created =
                new ChangedEntry<>(NamedCache.of("prices"), EventType.CREATED, "k", null, unreadable, null, true);

        assertThat(created.getKey()).isEqualTo("k");
        assertThat(created.getEventType()).isEqualTo(EventType.CREATED);
        assertThatThrownBy(created::getValue).isSameAs(unreadable);
    }

    @Test
    void unwrapRefusesOtherTypes() {
        CacheEntryEvent<String, String> created = event(EventType.CREATED, "new", null, false);

        assertThat((Object) created.unwrap(CacheEntryEvent.class)).isSameAs(created);
        assertThatThrownBy(() -> created.unwrap(String.class)).isInstanceOf(IllegalArgumentException.class);
    }
}
