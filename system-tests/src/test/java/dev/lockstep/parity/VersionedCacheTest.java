package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.Moment;
import dev.lockstep.jcache.Version;
import dev.lockstep.jcache.Versioned;
import dev.lockstep.jcache.VersionedCache;
import java.time.Duration;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions and what depends on them, on the single embedded node. */
class VersionedCacheTest {

    private LockstepCache<String, Integer> cache;
    private VersionedCache<String, Integer> versioned;

    @BeforeEach
    @SuppressWarnings("unchecked")
    void open() {
        cache = Caching.getCachingProvider()
                .getCacheManager()
                .createCache(
                        "numbers", new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class))
                .unwrap(LockstepCache.class);
        versioned = cache.versioned();
    }

    @AfterEach
    void close() {
        Caching.getCachingProvider().close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void storesOnlyWhatNoSessionHasTouched(boolean strong) {
        VersionedCache<String, Integer> view = strong ? cache.strong().versioned() : versioned;
        Versioned<Integer> absent = view.read("a");
        assertThat(absent.value()).isNull();
        Version first = view.put("a", 1, absent.version(), null);
        assertThat(first).isNotNull();
        assertThat(view.put("a", 2, absent.version(), null))
                .as("no longer absent")
                .isNull();
        Versioned<Integer> present = view.read("a");
        assertThat(present.value()).isEqualTo(1);
        assertThat(present.version().number()).isEqualTo(first.number());
        Version second = view.put("a", 2, present.version(), null);
        assertThat(second.number()).isGreaterThan(first.number());
        assertThat(view.remove("a", first)).as("not what it was").isFalse();
        assertThat(view.remove("a", second)).isTrue();
        assertThat(cache.get("a")).isNull();
    }

    @Test
    void absenceThatWasInterruptedIsNotAbsence() {
        Version absent = versioned.read("a").version();
        cache.put("a", 1);
        cache.remove("a");
        assertThat(versioned.put("a", 2, absent, null)).isNull();
        assertThat(versioned.put("a", 2, versioned.read("a").version(), null)).isNotNull();
    }

    @Test
    void clearingTouchesWhatWasNotThere() {
        Version absent = versioned.read("a").version();
        cache.clear();
        assertThat(versioned.put("a", 2, absent, null)).isNull();
    }

    @Test
    void anEqualValueThatWasStoredAgainIsAnotherOne() {
        Version version = versioned.put("a", 1, null);
        cache.put("a", 1);
        assertThat(versioned.put("a", 2, version, null)).isNull();
    }

    @Test
    void knowsWhatHappenedAfterAMoment() {
        cache.put("old", 1);
        cache.put("changed", 1);
        Moment moment = versioned.moment();
        cache.put("changed", 2);
        cache.put("new", 1);
        cache.put("gone", 1);
        cache.remove("gone");
        assertThat(versioned.unchangedSince("changed", versioned.read("changed"), moment))
                .isNull();
        assertThat(versioned.unchangedSince("new", versioned.read("new"), moment))
                .isNull();
        assertThat(put("old", moment)).isTrue();
        assertThat(put("gone", moment)).isFalse();
        assertThat(put("never", moment)).isTrue();
        assertThat(put("gone", versioned.moment())).isTrue();
    }

    private boolean put(String key, Moment moment) {
        Version expected = versioned.unchangedSince(key, versioned.read(key), moment);
        return expected != null && versioned.put(key, 3, expected, null) != null;
    }

    @Test
    void givesAnEntryALifetimeOfItsOwn() throws Exception {
        versioned.put("short", 1, Duration.ofMillis(1));
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (cache.strong().get("short") != null) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(1);
        }
        assertThat(versioned.read("short").value()).isNull();
    }

    @Test
    void refusesWhatTheCacheRefuses() {
        assertThatThrownBy(() -> versioned.put("a", 1, Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        cache.close();
        assertThatThrownBy(() -> versioned.read("a")).isInstanceOf(IllegalStateException.class);
    }
}
