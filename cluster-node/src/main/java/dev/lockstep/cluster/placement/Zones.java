package dev.lockstep.cluster.placement;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * How many replicas of one shard each zone may have, so that they are spread as evenly as the hosts allow: on distinct
 * zones while there are enough of them.
 *
 * @param copies the number of replicas of each shard
 * @param ofHost the number of each host's zone
 * @param least for each zone the replicas that it has at least
 * @param most for each zone the replicas that it has at most
 */
record Zones(int copies, List<Integer> ofHost, List<Integer> least, List<Integer> most) {

    /**
     * Derives the bounds for a number of replicas, or as many as there are hosts.
     *
     * @param names the zone of each host, by its name or another value
     */
    static Zones of(List<?> names, int replicas) {
        int copies = Math.min(replicas, names.size());
        List<?> zones = new ArrayList<>(new LinkedHashSet<>(names));
        List<Integer> sizes =
                zones.stream().map(zone -> Collections.frequency(names, zone)).toList();
        int most = 0;
        while (sum(upTo(most, sizes)) < copies) {
            most++;
        }
        return new Zones(
                copies, names.stream().<Integer>map(zones::indexOf).toList(), upTo(most - 1, sizes), upTo(most, sizes));
    }

    private static List<Integer> upTo(int limit, List<Integer> sizes) {
        return sizes.stream().map(size -> Math.min(size, limit)).toList();
    }

    private static int sum(List<Integer> numbers) {
        return numbers.stream().mapToInt(Integer::intValue).sum();
    }

    int count() {
        return least.size();
    }

    /** The replicas of a shard that zones have beyond their least. */
    int spare() {
        return copies - sum(least);
    }
}
