package dev.lockstep.cluster.meters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NodeMetersTest {

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final NodeMeters meters = new NodeMeters(registry);

    @ParameterizedTest
    @EnumSource
    void eachMeterHasItsNameAndItsTagsInPrometheus(NodeMeter meter) {
        String[] tags = meter.tags().stream().map(tag -> "of " + tag).toArray(String[]::new);
        switch (meter.kind()) {
            case COUNTER -> meters.counter(meter, tags);
            case GAUGE -> meters.gauge(meter, () -> 1, tags);
            case TIMER -> meters.timer(meter, tags);
            case SUMMARY -> meters.summary(meter, tags);
        }
        String suffix = meter.kind() == NodeMeter.Kind.TIMER || meter.kind() == NodeMeter.Kind.SUMMARY ? "_count" : "";
        assertThat(registry.scrape().lines())
                .filteredOn(line -> line.matches("\\Q" + meter.prometheusName() + suffix + "\\E[ {].*"))
                .hasSize(1)
                .allSatisfy(line -> assertThat(meter.tags())
                        .allSatisfy(tag -> assertThat(line).contains(tag + "=\"of " + tag + "\"")));
    }

    @Test
    void aMeterIsWhatTheCatalogueSays() {
        assertThatThrownBy(() -> meters.counter(NodeMeter.RAFT_TERM, "0")).hasMessageContaining("no COUNTER");
        assertThatThrownBy(() -> meters.counter(NodeMeter.CACHE_PUTS)).hasMessageContaining("[cache]");
    }

    @Test
    void whatACounterReadsIsNotCollected() throws Exception {
        WeakReference<LongSupplier> read = counted();
        WeakReference<Object> other = new WeakReference<>(new Object());
        Eventually.holds("garbage is collected", () -> {
            System.gc();
            return other.get() == null;
        });
        assertThat(read.get()).isNotNull();
        assertThat(registry.scrape()).contains("lockstep_readindex_rounds_total 5.0");
    }

    private WeakReference<LongSupplier> counted() {
        long five = Long.parseLong("5");
        LongSupplier read = () -> five;
        meters.counter(NodeMeter.READ_ROUNDS, read);
        return new WeakReference<>(read);
    }

    @Test
    void aMeterThatIsRemovedIsGone() {
        Runnable removal = meters.gauge(NodeMeter.RAFT_TERM, () -> 3, "7");
        assertThat(registry.scrape()).contains("lockstep_raft_term{group=\"7\"} 3.0");
        removal.run();
        assertThat(registry.scrape()).doesNotContain("lockstep_raft_term");
    }

    @Test
    void theFormatIsTheOneThatIsAccepted(@TempDir Path folder) {
        try (PrometheusExport export = new PrometheusExport(folder)) {
            String openMetrics = PrometheusExport.format(
                    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1");
            assertThat(openMetrics).startsWith("application/openmetrics-text; version=1.0.0");
            assertThat(export.text(openMetrics)).endsWith("# EOF\n").contains("jvm_memory_used_bytes{");
            String text = PrometheusExport.format("*/*");
            assertThat(text).startsWith("text/plain; version=0.0.4");
            assertThat(export.text(text))
                    .doesNotContain("# EOF")
                    .contains("disk_free_bytes{", "process_cpu_usage", "jvm_threads_live_threads");
        }
    }
}
