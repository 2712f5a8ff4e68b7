package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Request;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import javax.cache.Cache;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CacheIteratorTest {

    private final TestCache fixture = new TestCache();
    private final SessionCache<String, Object> cache = fixture.open();

    @AfterEach
    void close() {
        fixture.close();
    }

    private Map<String, Object> stored(int entries) {
        Map<String, Object> stored = new HashMap<>();
        for (int i = 0; i < entries; i++) {
            stored.put("k" + i, i);
        }
        cache.putAll(stored);
        return stored;
    }

    @Test
    void everyEntryOfEveryShardAndPageComesOnce() {
        Map<String, Object> stored = stored(2_500);
        fixture.cluster().forgetRequests();
        Map<String, Object> seen = new HashMap<>();
        int steps = 0;
        for (Cache.Entry<String, Object> entry : cache) {
            seen.put(entry.getKey(), entry.getValue());
            steps++;
        }

        assertThat(seen).isEqualTo(stored);
        assertThat(steps).isEqualTo(2_500);
        assertThat(fixture.cluster().requests(Request.Scan.class)).hasSizeGreaterThan(FakeCluster.SHARDS);
        assertThat(TestCache.statistics(cache).getCacheHits()).isEqualTo(2_500);
    }

    @Test
    void anEmptyCacheHasNoNextEntry() {
        Iterator<Cache.Entry<String, Object>> entries = cache.iterator();

        assertThat(entries.hasNext()).isFalse();
        assertThatThrownBy(entries::next).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void removeRemovesTheEntryThatCameLastOnce() {
        stored(3);
        Iterator<Cache.Entry<String, Object>> entries = cache.iterator();
        assertThatThrownBy(entries::remove).isInstanceOf(IllegalStateException.class);
        String key = entries.next().getKey();
        entries.remove();

        assertThat(cache.containsKey(key)).isFalse();
        assertThat(cache.size()).isEqualTo(2);
        assertThatThrownBy(entries::remove).isInstanceOf(IllegalStateException.class);
    }
}
