package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Metric;
import com.codahale.metrics.jcache.JCacheGaugeSet;
import java.util.Map;
import java.util.TreeMap;
import javax.cache.Cache;
import org.junit.jupiter.api.Test;

/** Dropwizard's gauges, which find caches by their beans. */
@InEachTopology
class DropwizardClient {

    private final Topology topology;

    DropwizardClient(Topology topology) {
        this.topology = topology;
    }

    @Test
    void itsGaugesTellWhatTheStatisticsCount() {
        Cache<String, String> cache = topology.cache(String.class, String.class);
        cache.put("there", "value");
        cache.get("there");
        cache.get("not there");
        Map<String, Object> told = new TreeMap<>();
        for (Map.Entry<String, Metric> metric :
                new JCacheGaugeSet().getMetrics().entrySet()) {
            if (metric.getKey().contains(cache.getName() + ".")) {
                told.put(
                        metric.getKey().substring(metric.getKey().lastIndexOf('.') + 1),
                        ((Gauge<?>) metric.getValue()).getValue());
            }
        }
        assertThat(told)
                .containsEntry("cache-puts", 1L)
                .containsEntry("cache-gets", 2L)
                .containsEntry("cache-hits", 1L)
                .containsEntry("cache-misses", 1L);
    }
}
