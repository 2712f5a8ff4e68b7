package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Write operations as JSR-107 defines them, results and statistics, whichever way they are carried out. */
abstract class WritesContract {

    final TestCache fixture = configured(new TestCache());
    final SessionCache<String, Object> cache = fixture.open();
    private final Statistics statistics = TestCache.statistics(cache);

    abstract TestCache configured(TestCache fixture);

    @AfterEach
    void close() {
        fixture.close();
    }

    private void assertCounts(long hits, long misses, long puts, long removals) {
        assertThat(List.of(
                        statistics.getCacheHits(),
                        statistics.getCacheMisses(),
                        statistics.getCachePuts(),
                        statistics.getCacheRemovals()))
                .as("hits, misses, puts, removals")
                .containsExactly(hits, misses, puts, removals);
    }

    @Test
    void putStoresAndCountsAPut() {
        cache.put("k", "v");

        assertThat(cache.get("k")).isEqualTo("v");
        assertCounts(1, 0, 1, 0);
    }

    @Test
    void putWithALifetimeExpiresAfterIt() {
        cache.put("k", "v", Duration.ofSeconds(5));

        fixture.cluster().pass(Duration.ofMillis(4_999));
        assertThat(cache.containsKey("k")).isTrue();
        fixture.cluster().pass(Duration.ofMillis(1));
        assertThat(cache.containsKey("k")).isFalse();
    }

    @Test
    void getAndPutReturnsTheValueBeforeAndCountsARead() {
        assertThat(cache.getAndPut("k", "first")).isNull();
        assertThat(cache.getAndPut("k", "second")).isEqualTo("first");
        assertCounts(1, 1, 2, 0);
    }

    @Test
    void putIfAbsentStoresOnlyWhereThereIsNothing() {
        assertThat(cache.putIfAbsent("k", "first")).isTrue();
        assertThat(cache.putIfAbsent("k", "second")).isFalse();
        assertThat(cache.putIfAbsent("k", "third")).isFalse();
        assertCounts(2, 1, 1, 0);
        assertThat(cache.get("k")).isEqualTo("first");
    }

    @Test
    void removeTellsWhetherThereWasAnEntryAndCountsOnlyThat() {
        cache.put("k", "v");

        assertThat(cache.remove("k")).isTrue();
        assertThat(cache.remove("k")).isFalse();
        assertCounts(0, 0, 1, 1);
    }

    @Test
    void getAndRemoveReturnsTheValueBefore() {
        cache.put("k", "v");

        assertThat(cache.getAndRemove("k")).isEqualTo("v");
        assertThat(cache.getAndRemove("k")).isNull();
        assertCounts(1, 1, 1, 1);
    }

    @Test
    void removeOfAnExpectedValueRemovesOnlyThat() {
        cache.put("k", "v");

        assertThat(cache.remove("k", "other")).isFalse();
        assertThat(cache.containsKey("k")).isTrue();
        assertThat(cache.remove("k", "v")).isTrue();
        assertThat(cache.remove("k", "v")).isFalse();
        assertCounts(2, 1, 1, 1);
    }

    @Test
    void replaceOfAnExpectedValueReplacesOnlyThat() {
        assertThat(cache.replace("k", "v", "w")).isFalse();
        cache.put("k", "v");

        assertThat(cache.replace("k", "other", "w")).isFalse();
        assertThat(cache.replace("k", "v", "w")).isTrue();
        assertCounts(2, 1, 2, 0);
        assertThat(cache.get("k")).isEqualTo("w");
    }

    @Test
    void valuesWhoseBytesDifferAreReplacedIfTheyAreEqual() {
        Set<String> inserted = new java.util.LinkedHashSet<>(List.of("a", "b"));
        Set<String> equal = new java.util.LinkedHashSet<>(List.of("b", "a"));
        cache.put("k", inserted);

        assertThat(cache.replace("k", equal, "w")).isTrue();
        assertThat(cache.get("k")).isEqualTo("w");
    }

    @Test
    void replaceStoresOnlyWhereThereIsAnEntry() {
        assertThat(cache.replace("k", "v")).isFalse();
        assertThat(cache.containsKey("k")).isFalse();
        cache.put("k", "v");
        assertThat(cache.replace("k", "w")).isTrue();
        assertCounts(1, 1, 2, 0);
        assertThat(cache.get("k")).isEqualTo("w");
    }

    @Test
    void getAndReplaceReturnsTheValueBeforeAndStoresOnlyThen() {
        assertThat(cache.getAndReplace("k", "v")).isNull();
        assertThat(cache.containsKey("k")).isFalse();
        cache.put("k", "v");
        assertThat(cache.getAndReplace("k", "w")).isEqualTo("v");
        assertCounts(1, 1, 2, 0);
        assertThat(cache.get("k")).isEqualTo("w");
    }

    @Test
    void putAllAndRemoveAllReachAllShards() {
        Map<String, Object> many = new java.util.TreeMap<>();
        for (int i = 0; i < 20; i++) {
            many.put("k" + i, "v" + i);
        }
        cache.putAll(many);
        assertThat(cache.getAll(many.keySet())).isEqualTo(many);

        cache.removeAll(Set.of("k0", "k1", "absent"));
        assertThat(cache.size()).isEqualTo(18);
        cache.removeAll();
        assertThat(cache.size()).isZero();
        assertCounts(20, 0, 20, 20);
    }

    @Test
    void operationsOnNothingSendNothing() {
        fixture.cluster().forgetRequests();
        cache.putAll(Map.of());
        cache.removeAll(Set.of());

        assertThat(fixture.cluster().requests(Request.OfCache.class)).isEmpty();
    }

    @Test
    void noLeaseIsLeftBehind() {
        cache.put("k", "v");
        cache.replace("k", "other", "w");
        cache.replace("absent", "w");
        cache.getAndRemove("k");
        cache.putAll(Map.of("a", "1", "b", "2"));
        cache.removeAll();

        assertThat(fixture.cluster().leasesHeld()).isZero();
    }
}
