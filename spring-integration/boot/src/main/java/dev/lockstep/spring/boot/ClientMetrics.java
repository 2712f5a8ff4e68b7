package dev.lockstep.spring.boot;

import dev.lockstep.jcache.ClientCounts;
import dev.lockstep.spring.LockstepCacheManager;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * The meters {@code lockstep.client.*}: the requests of a CacheManager, as its {@link ClientCounts} has them, and the staleness of the
 * replicas in this JVM, if there are any. Reading them costs no request.
 */
public final class ClientMetrics implements MeterBinder {

    private final LockstepCacheManager manager;
    private final Tags tags;

    /** @param tags of all meters */
    public ClientMetrics(LockstepCacheManager manager, Iterable<Tag> tags) {
        this.manager = manager;
        this.tags = Tags.of(tags);
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        String requests = "The number of requests to the cluster that have ended";
        count(registry, "requests", requests, tags.and("result", "success"), ClientCounts::successes);
        count(registry, "requests", requests, tags.and("result", "failure"), ClientCounts::failures);
        count(registry, "retries", "The number of attempts after the first of a request", tags, ClientCounts::retries);
        count(
                registry,
                "reconnects",
                "The number of connections that were opened again after they were lost",
                tags,
                ClientCounts::reconnects);
        FunctionTimer.builder(
                        "lockstep.client.latency",
                        manager,
                        of -> ended(of.counts()),
                        of -> of.counts().latency().toNanos(),
                        TimeUnit.NANOSECONDS)
                .description("The time until a request's answer or failure, with its retries")
                .tags(tags)
                .register(registry);
        if (manager.staleness().isPresent()) {
            TimeGauge.builder("lockstep.client.staleness", manager, TimeUnit.NANOSECONDS, ClientMetrics::staleness)
                    .description(
                            "The longest time for which a replica in this JVM has not been in touch with its leader")
                    .tags(tags)
                    .register(registry);
        }
    }

    private static double staleness(LockstepCacheManager of) {
        return of.staleness().map(Duration::toNanos).map(Long::doubleValue).orElse(Double.NaN);
    }

    private static long ended(ClientCounts counts) {
        return counts.successes() + counts.failures();
    }

    private void count(
            MeterRegistry registry, String name, String description, Tags own, ToDoubleFunction<ClientCounts> number) {
        FunctionCounter.builder("lockstep.client." + name, manager, of -> number.applyAsDouble(of.counts()))
                .description(description)
                .tags(own)
                .register(registry);
    }
}
