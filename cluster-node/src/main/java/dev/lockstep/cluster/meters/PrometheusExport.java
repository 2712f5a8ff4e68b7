package dev.lockstep.cluster.meters;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmHeapPressureMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.DiskSpaceMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.util.List;

/** A registry that Prometheus reads: the meters of a node, and Micrometer's own of its JVM, process and disk. Thread-safe. */
public final class PrometheusExport implements AutoCloseable {

    private static final String OPEN_METRICS = "application/openmetrics-text";
    private static final String OPEN_METRICS_1 = OPEN_METRICS + "; version=1.0.0; charset=utf-8";
    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final NodeMeters meters = new NodeMeters(registry);
    private final JvmGcMetrics collections = new JvmGcMetrics();
    private final JvmHeapPressureMetrics pressure = new JvmHeapPressureMetrics();

    /** @param disk a folder on the disk whose space is measured */
    public PrometheusExport(Path disk) {
        List<MeterBinder> binders = List.of(
                new JvmMemoryMetrics(),
                collections,
                pressure,
                new JvmThreadMetrics(),
                new ClassLoaderMetrics(),
                new ProcessorMetrics(),
                new UptimeMetrics(),
                new FileDescriptorMetrics(),
                new DiskSpaceMetrics(disk.toFile()));
        binders.forEach(binder -> binder.bindTo(registry));
    }

    public NodeMeters meters() {
        return meters;
    }

    /**
     * Chooses the format.
     *
     * @param accept what the other end accepts, as in HTTP
     * @return the content type, for {@link #text}
     */
    public static String format(String accept) {
        return accept.contains(OPEN_METRICS) ? OPEN_METRICS_1 : TEXT;
    }

    /** Returns the values of all meters. */
    public String text(String format) {
        return registry.scrape(format);
    }

    @Override
    public void close() {
        collections.close();
        pressure.close();
        registry.close();
    }
}
