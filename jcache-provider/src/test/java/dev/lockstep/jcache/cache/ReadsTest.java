package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.cache.expiry.AccessedExpiryPolicy;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheLoaderException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReadsTest {

    private final TestCache fixture = new TestCache();
    private final List<String> loaded = new ArrayList<>();

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Loads {@code loaded-<key>}, nothing for {@code nothing}, and fails for {@code broken}. */
    private final class RecordingLoader implements CacheLoader<String, Object> {
        @Override
        public Object load(String key) {
            loaded.add(key);
            if (key.equals("broken")) {
                throw new IllegalStateException("no database");
            }
            return key.equals("nothing") ? null : "loaded-" + key;
        }

        @Override
        public Map<String, Object> loadAll(Iterable<? extends String> keys) {
            Map<String, Object> all = new HashMap<>();
            keys.forEach(key -> all.put(key, load(key)));
            return all;
        }
    }

    @Test
    void aReplicaInThisJvmAnswersWithoutARequest() {
        SessionCache<String, Object> cache = fixture.open();
        cache.put("k", "v");
        fixture.cluster().answerLocally();
        fixture.cluster().forgetRequests();

        assertThat(cache.get("k")).isEqualTo("v");
        assertThat(cache.get("absent")).isNull();
        assertThat(fixture.cluster().requests(Request.OfCache.class)).isEmpty();
    }

    @Test
    void aStrongReadAsksTheClusterEvenIfAReplicaIsInThisJvm() {
        SessionCache<String, Object> cache = fixture.open();
        cache.put("k", "v");
        fixture.cluster().answerLocally();
        fixture.cluster().forgetRequests();

        assertThat(cache.strong().get("k")).isEqualTo("v");
        assertThat(fixture.cluster().requests(Request.Get.class))
                .singleElement()
                .satisfies(get -> assertThat(get.consistency()).isEqualTo(Consistency.STRONG));
    }

    @Test
    void hitsAndMissesAreCounted() {
        SessionCache<String, Object> cache = fixture.open();
        cache.put("k", "v");
        cache.get("k");
        cache.get("absent");
        cache.getAll(Set.of("k", "absent", "other"));
        cache.containsKey("k");

        Statistics statistics = TestCache.statistics(cache);
        assertThat(statistics.getCacheHits()).isEqualTo(2);
        assertThat(statistics.getCacheMisses()).isEqualTo(3);
    }

    @Test
    void aMissLoadsAndStoresForOthers() {
        SessionCache<String, Object> cache =
                fixture.loading(new RecordingLoader()).open();

        assertThat(cache.get("k")).isEqualTo("loaded-k");
        assertThat(fixture.open().get("k")).isEqualTo("loaded-k");
        assertThat(loaded).containsExactly("k");
        assertThat(TestCache.statistics(cache).getCacheMisses()).isEqualTo(1);
        assertThat(TestCache.statistics(cache).getCachePuts()).isZero();
    }

    @Test
    void aValueStoredWhileTheLeaseWasWaitedForIsNotLoadedAgain() {
        SessionCache<String, Object> other = fixture.open();
        SessionCache<String, Object> cache =
                fixture.loading(new RecordingLoader()).open();
        fixture.cluster().beforeLease(() -> other.put("k", "stored"));

        assertThat(cache.get("k")).isEqualTo("stored");
        assertThat(loaded).isEmpty();
    }

    @Test
    void aKeyThatTheLoaderDoesNotHaveIsNotStored() {
        SessionCache<String, Object> cache =
                fixture.loading(new RecordingLoader()).open();

        assertThat(cache.get("nothing")).isNull();
        assertThat(cache.size()).isZero();
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void aLoaderThatFailsFailsTheReadAndGivesTheLeaseBack() {
        SessionCache<String, Object> cache =
                fixture.loading(new RecordingLoader()).open();

        assertThatThrownBy(() -> cache.get("broken"))
                .isInstanceOf(CacheLoaderException.class)
                .hasRootCauseMessage("no database");
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void getAllLoadsOnlyWhatIsMissing() {
        SessionCache<String, Object> cache =
                fixture.loading(new RecordingLoader()).open();
        cache.put("there", "v");

        assertThat(cache.getAll(Set.of("there", "k", "nothing"))).isEqualTo(Map.of("there", "v", "k", "loaded-k"));
        assertThat(loaded).containsExactlyInAnyOrder("k", "nothing");
        assertThat(fixture.cluster().requests(Request.ReadForUpdate.class)).hasSize(2);
    }

    @Test
    void computeIfAbsentRunsTheLoaderOnlyIfThereIsNothing() {
        SessionCache<String, Object> cache = fixture.open();

        assertThat(cache.computeIfAbsent("k", key -> "computed")).isEqualTo("computed");
        assertThat(cache.computeIfAbsent("k", key -> "again")).isEqualTo("computed");
        assertThat(cache.computeIfAbsent("n", key -> null)).isNull();
        assertThat(cache.containsKey("n")).isFalse();
    }

    @Test
    void aReadStartsTheIdleTimeAgain() {
        SessionCache<String, Object> cache = fixture.expiring(
                        new AccessedExpiryPolicy(new javax.cache.expiry.Duration(TimeUnit.SECONDS, 10)))
                .open();
        cache.put("k", "v");
        fixture.cluster().pass(java.time.Duration.ofSeconds(9));
        cache.get("k");
        fixture.cluster().pass(java.time.Duration.ofSeconds(9));
        cache.getAll(Set.of("k"));
        fixture.cluster().pass(java.time.Duration.ofSeconds(9));
        assertThat(cache.containsKey("k")).isTrue();

        fixture.cluster().pass(java.time.Duration.ofSeconds(1));
        assertThat(cache.containsKey("k")).as("asking for the key is no access").isFalse();
    }

    @Test
    void aReadIsNotRecordedWhereItChangesNoLifetime() {
        SessionCache<String, Object> cache = fixture.open();
        cache.put("k", "v");
        fixture.cluster().forgetRequests();
        cache.get("k");

        assertThat(fixture.cluster().requests(Request.Write.class))
                .flatExtracting(Request.Write::mutations)
                .extracting(Mutation::action)
                .doesNotContain(Mutation.Action.TOUCH);
    }
}
