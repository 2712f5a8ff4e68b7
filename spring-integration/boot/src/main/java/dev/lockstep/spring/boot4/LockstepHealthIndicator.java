package dev.lockstep.spring.boot4;

import dev.lockstep.spring.boot.ClusterProbe;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/** Up when the cluster answers; down when it refuses, or does not answer in time. */
final class LockstepHealthIndicator extends AbstractHealthIndicator {

    private final ClusterProbe probe;

    LockstepHealthIndicator(ClusterProbe probe) {
        super("The Lockstep cluster did not answer");
        this.probe = probe;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        builder.withDetail("uri", probe.uri());
        builder.withDetail("caches", probe.caches().size());
        builder.withDetail("replicas", probe.replicas()).up();
    }
}
