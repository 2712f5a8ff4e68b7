package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.meters.MeterValues;
import dev.lockstep.cluster.meters.NodeMeter;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Two nodes and one cache; ten seconds between the readings. */
class ActivityTest {

    private static MeterValues node(int hits, int misses, int fast, int all, int entries) {
        return MeterValues.parse("""
                # a comment
                lockstep_cache_gets_total{cache="orders",result="hit"} %d.0
                lockstep_cache_gets_total{cache="orders",result="miss"} %d.0
                lockstep_cache_requests_seconds_bucket{cache="orders",operation="get",le="0.001"} %d
                lockstep_cache_requests_seconds_bucket{cache="orders",operation="get",le="0.1"} %d
                lockstep_cache_requests_seconds_bucket{cache="orders",operation="get",le="+Inf"} %d
                lockstep_cache_requests_seconds_count{cache="orders",operation="get"} %d
                lockstep_cache_entries{cache="orders"} %d
                """.formatted(hits, misses, fast, all, all, all, entries));
    }

    private final Activity activity = new Activity(
            Map.of("n1", node(100, 50, 500, 1000, 3), "n2", node(900, 0, 0, 900, 4)),
            Map.of("n1", node(200, 50, 600, 1100, 5), "n2", node(40, 10, 99, 100, 6)),
            10);

    private static final Map<String, String> ORDERS = Map.of("cache", "orders");

    @Test
    void countersGrowAndCountFromZeroOnceTheirNodeWasStartedAgain() {
        assertThat(activity.rate(NodeMeter.CACHE_GETS, ORDERS)).isEqualTo((100 + 50) / 10.0);
        assertThat(activity.of("n2").rate(NodeMeter.CACHE_GETS, ORDERS)).isEqualTo(5);
        assertThat(activity.of("n1").rate(NodeMeter.CACHE_GETS, Map.of("result", "miss")))
                .isZero();
    }

    @Test
    void aNodeThatIsNewCountsFromZero() {
        Activity since = new Activity(Map.of(), activity.after(), 10);

        assertThat(since.rate(NodeMeter.CACHE_GETS, ORDERS)).isEqualTo(30);
    }

    @Test
    void gaugesAreAddedUpAsTheyAreNow() {
        assertThat(activity.now(NodeMeter.CACHE_ENTRIES, ORDERS)).isEqualTo(11);
        assertThat(activity.greatest(NodeMeter.CACHE_ENTRIES)).isEqualTo(6);
        assertThat(activity.caches()).containsExactly("orders");
    }

    @Test
    void aPercentileIsTheBoundOfTheBucketThatHasIt() {
        assertThat(activity.of("n1").seconds99(NodeMeter.CACHE_REQUESTS, ORDERS))
                .isEqualTo(0.001);
        assertThat(new Activity(Map.of(), Map.of("n1", node(0, 0, 98, 100, 0)), 1)
                        .seconds99(NodeMeter.CACHE_REQUESTS, ORDERS))
                .isEqualTo(0.1);
        assertThat(new Activity(Map.of(), Map.of("n1", node(0, 0, 0, 0, 0)), 1)
                        .seconds99(NodeMeter.CACHE_REQUESTS, ORDERS))
                .isZero();
    }
}
