package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import javax.cache.Cache;
import javax.cache.CacheException;
import org.junit.jupiter.api.Test;

class LockstepEntryTest {

    @Test
    void aValueThatCannotBeReadFailsItsReadersAlone() {
        CacheException unreadable = new CacheException("class com.example.Price is not on the class path");
        Cache.Entry<String, String> entry = new LockstepEntry<>("k", null, unreadable);

        assertThat(entry.getKey()).isEqualTo("k");
        assertThatThrownBy(entry::getValue).isSameAs(unreadable);
    }

    @Test
    void unwrapGivesTheEntryAndRefusesOtherTypesByName() {
        Cache.Entry<String, String> entry = new LockstepEntry<>("k", "v");

        assertThat((Object) entry.unwrap(Cache.Entry.class)).isSameAs(entry);
        assertThatThrownBy(() -> entry.unwrap(String.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.String");
    }
}
