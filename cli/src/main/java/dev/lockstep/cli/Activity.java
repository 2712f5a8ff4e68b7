package dev.lockstep.cli;

import dev.lockstep.cluster.meters.MeterValues;
import dev.lockstep.cluster.meters.MeterValues.Sample;
import dev.lockstep.cluster.meters.NodeMeter;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The work of one node, or of several together, between two readings of their meters. Counters that a restart has set back count from
 * zero. Pure.
 *
 * @param before by node, as are the others; a node that is missing has been started since
 * @param seconds between the readings
 */
record Activity(Map<String, MeterValues> before, Map<String, MeterValues> after, double seconds) {

    private static final double HIGH = 0.99;

    /** The work of one node alone. */
    Activity of(String node) {
        return new Activity(
                before.containsKey(node) ? Map.of(node, before.get(node)) : Map.of(),
                Map.of(node, after.get(node)),
                seconds);
    }

    /** How much counters with these tags have grown in a second. */
    double rate(NodeMeter meter, Map<String, String> tags) {
        return grown(name(meter), tags) / seconds;
    }

    private static String name(NodeMeter meter) {
        return switch (meter.kind()) {
            case COUNTER, GAUGE -> meter.prometheusName();
            case TIMER, SUMMARY -> meter.prometheusName() + "_count";
        };
    }

    private double grown(String name, Map<String, String> tags) {
        double all = 0;
        for (Map.Entry<String, MeterValues> node : after.entrySet()) {
            double now = node.getValue().sum(name, tags);
            MeterValues earlier = before.get(node.getKey());
            double then = earlier == null ? 0 : earlier.sum(name, tags);
            all += now < then ? now : now - then;
        }
        return all;
    }

    /** The sum of gauges with these tags now. */
    double now(NodeMeter meter, Map<String, String> tags) {
        return now(meter.prometheusName(), tags);
    }

    /** The sum of the gauges of a name now. */
    double now(String name, Map<String, String> tags) {
        return after.values().stream().mapToDouble(node -> node.sum(name, tags)).sum();
    }

    /** The greatest of gauges now; 0 if there is none. */
    double greatest(NodeMeter meter) {
        return after.values().stream()
                .flatMap(node -> node.of(meter.prometheusName()))
                .mapToDouble(Sample::value)
                .max()
                .orElse(0);
    }

    /** The seconds that 99 of 100 took at most, by the bounds of the timer's buckets; 0 if there were none. */
    double seconds99(NodeMeter timer, Map<String, String> tags) {
        String name = timer.prometheusName() + "_bucket";
        TreeMap<Double, String> bounds = new TreeMap<>();
        labels(name, "le")
                .forEach(le -> bounds.put(le.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(le), le));
        double all = grown(timer.prometheusName() + "_count", tags);
        for (Map.Entry<Double, String> bound : bounds.entrySet()) {
            Map<String, String> ofBucket = new TreeMap<>(tags);
            ofBucket.put("le", bound.getValue());
            if (all > 0 && grown(name, ofBucket) >= all * HIGH) {
                return bound.getKey();
            }
        }
        return 0;
    }

    /** The caches that the nodes know. */
    Set<String> caches() {
        return labels(NodeMeter.CACHE_ENTRIES.prometheusName(), "cache");
    }

    private Set<String> labels(String name, String label) {
        return after.values().stream()
                .flatMap(node -> node.of(name))
                .flatMap(sample -> Stream.ofNullable(sample.labels().get(label)))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
