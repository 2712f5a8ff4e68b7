package dev.lockstep.spring.boot;

import dev.lockstep.protocol.topology.ReplicaStatus.State;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Map;
import javax.cache.CacheException;

/**
 * The meter {@code lockstep.replicas.degraded}: how many replicas of the cluster don't know all that they ever said, or have stopped. Not a
 * number while the cluster does not answer. Read from the cluster each time.
 */
public final class ReplicaMetrics implements MeterBinder {

    private final ClusterProbe probe;

    public ReplicaMetrics(ClusterProbe probe) {
        this.probe = probe;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("lockstep.replicas.degraded", probe, ReplicaMetrics::degraded)
                .description("The number of replicas in the cluster that are lost, catching up or stopped")
                .register(registry);
    }

    static boolean isDegraded(State state) {
        return state != State.INTACT;
    }

    private static double degraded(ClusterProbe probe) {
        try {
            return probe.replicas().entrySet().stream()
                    .filter(state -> isDegraded(state.getKey()))
                    .mapToLong(Map.Entry::getValue)
                    .sum();
        } catch (CacheException noAnswer) {
            return Double.NaN;
        }
    }
}
