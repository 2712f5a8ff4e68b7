package dev.lockstep.cluster.meters;

import dev.lockstep.cluster.meters.NodeMeter.Kind;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * The meters of one node in a registry: each is registered by its entry in the catalogue, with a value for each of its tags. What the node
 * counts anyway is read when the registry asks for it. Thread-safe.
 */
public final class NodeMeters {

    /** The bounds of the buckets of timers: few enough to have them for each cache. */
    private static final Duration[] BUCKETS = {
        Duration.ofNanos(100_000),
        Duration.ofNanos(250_000),
        Duration.ofNanos(500_000),
        Duration.ofMillis(1),
        Duration.ofNanos(2_500_000),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5)
    };

    /** The bounds of the buckets of batches. */
    private static final double[] SIZES = {1, 2, 4, 8, 16, 32, 64, 128, 256, 1_024, 4_096};

    private final MeterRegistry registry;
    /** The sources that function meters read: the registry itself would let them be collected. */
    private final Map<Meter.Id, LongSupplier> sources = new ConcurrentHashMap<>();

    public NodeMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    /**
     * Registers a counter that reads what is counted elsewhere.
     *
     * @return removes it
     */
    public Runnable counter(NodeMeter meter, LongSupplier count, String... tags) {
        require(meter, Kind.COUNTER);
        FunctionCounter counter = FunctionCounter.builder(meter.id(), count, LongSupplier::getAsLong)
                .baseUnit(meter.unit())
                .description(meter.description())
                .tags(tags(meter, tags))
                .register(registry);
        sources.put(counter.getId(), count);
        return () -> remove(counter);
    }

    /**
     * Registers a gauge.
     *
     * @return removes it
     */
    public Runnable gauge(NodeMeter meter, DoubleSupplier value, String... tags) {
        require(meter, Kind.GAUGE);
        Gauge gauge = Gauge.builder(meter.id(), value, DoubleSupplier::getAsDouble)
                .strongReference(true)
                .baseUnit(meter.unit())
                .description(meter.description())
                .tags(tags(meter, tags))
                .register(registry);
        return () -> remove(gauge);
    }

    /** Registers a timer that reads what is counted and added up elsewhere. */
    public void timer(NodeMeter meter, LongSupplier count, LongSupplier nanos, String... tags) {
        require(meter, Kind.TIMER);
        FunctionTimer timer = FunctionTimer.builder(
                        meter.id(), count, LongSupplier::getAsLong, of -> nanos.getAsLong(), TimeUnit.NANOSECONDS)
                .description(meter.description())
                .tags(tags(meter, tags))
                .register(registry);
        sources.put(timer.getId(), count);
    }

    /** Registers a counter that is counted by itself. */
    Counter counter(NodeMeter meter, String... tags) {
        require(meter, Kind.COUNTER);
        return Counter.builder(meter.id())
                .baseUnit(meter.unit())
                .description(meter.description())
                .tags(tags(meter, tags))
                .register(registry);
    }

    /** Registers a timer with a histogram. */
    Timer timer(NodeMeter meter, String... tags) {
        require(meter, Kind.TIMER);
        return Timer.builder(meter.id())
                .serviceLevelObjectives(BUCKETS)
                .description(meter.description())
                .tags(tags(meter, tags))
                .register(registry);
    }

    /** Registers a summary with a histogram. */
    DistributionSummary summary(NodeMeter meter, String... tags) {
        require(meter, Kind.SUMMARY);
        return DistributionSummary.builder(meter.id())
                .serviceLevelObjectives(SIZES)
                .baseUnit(meter.unit())
                .description(meter.description())
                .tags(tags(meter, tags))
                .register(registry);
    }

    /** Removes a meter of something that is no more. */
    void remove(Meter meter) {
        registry.remove(meter);
        sources.remove(meter.getId());
    }

    private static void require(NodeMeter meter, Kind kind) {
        if (meter.kind() != kind) {
            throw new IllegalArgumentException(meter + " is no " + kind + ", but a " + meter.kind());
        }
    }

    private static Tags tags(NodeMeter meter, String[] values) {
        if (values.length != meter.tags().size()) {
            throw new IllegalArgumentException(
                    meter + " has the tags " + meter.tags() + ", for which " + values.length + " values were given");
        }
        List<Tag> tags = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            tags.add(Tag.of(meter.tags().get(i), values[i]));
        }
        return Tags.of(tags);
    }
}
