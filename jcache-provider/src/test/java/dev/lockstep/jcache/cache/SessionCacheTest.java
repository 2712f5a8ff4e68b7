package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.LockstepCache;
import java.util.Map;
import java.util.Set;
import javax.cache.Cache;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SessionCacheTest {

    private final TestCache fixture = new TestCache();
    private final SessionCache<String, Object> cache = fixture.open();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aClosedCacheRefusesEveryOperation() {
        LockstepCache<String, Object> strong = cache.strong();
        cache.close();

        assertThat(cache.isClosed()).isTrue();
        assertThatThrownBy(() -> cache.get("k")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> cache.putAll(Map.of())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(cache::iterator).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> strong.size()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aCacheThatAnotherClientDestroyedIsClosedByTheFirstRefusal() {
        fixture.cluster().destroyCache();

        assertThatThrownBy(() -> cache.put("k", "v"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("destroyed");
        assertThat(cache.isClosed()).isTrue();
        assertThatThrownBy(() -> cache.get("k")).hasMessageContaining("prices").hasMessageContaining("destroyed");
    }

    @Test
    void nullAndForeignTypesAreRefusedBeforeAnythingIsSent() {
        fixture.cluster().forgetRequests();

        assertThatThrownBy(() -> cache.put(null, "v")).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> cache.put("k", null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> cache.getAll(Set.of("k", foreign()))).isInstanceOf(ClassCastException.class);
        assertThat(fixture.cluster().requests(dev.lockstep.protocol.wire.Request.OfCache.class))
                .isEmpty();
    }

    @SuppressWarnings("unchecked")
    private static <T> T foreign() {
        return (T) (Object) 7;
    }

    @Test
    void clearRemovesEverythingAndCountsNothing() {
        cache.putAll(Map.of("a", "1", "b", "2"));
        cache.clear();

        assertThat(cache.size()).isZero();
        assertThat(TestCache.statistics(cache).getCacheRemovals()).isZero();
    }

    @Test
    void unwrapGivesTheCacheAndRefusesOtherTypesByName() {
        assertThat(cache.unwrap(LockstepCache.class)).isSameAs(cache);
        assertThat((Object) cache.unwrap(Cache.class)).isSameAs(cache);
        assertThatThrownBy(() -> cache.unwrap(String.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.String");
    }

    @Test
    void entriesOfOneClientAreSeenByAnother() {
        cache.put("k", "v");

        assertThat(fixture.open().get("k")).isEqualTo("v");
    }
}
