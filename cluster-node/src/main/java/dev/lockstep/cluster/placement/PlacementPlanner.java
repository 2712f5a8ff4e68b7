package dev.lockstep.cluster.placement;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingInt;

import dev.lockstep.protocol.topology.NodeId;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The choice of the nodes that are to host each shard. It demands, in this order, that the replicas of each shard are
 * spread evenly over the zones, that hosts have equally many replicas, that as few of them as possible move, and that
 * preferred leaders are spread evenly too. A difference of one between two hosts moves nothing. Pure: equal arguments
 * give equal results, whatever the order of the hosts.
 */
public final class PlacementPlanner {

    /**
     * A node that may host replicas.
     *
     * @param zone what fails together, such as a rack; empty if unknown, and then a zone of its own
     */
    public record Host(NodeId id, String zone) {}

    private static final int NONE = -1;

    private PlacementPlanner() {}

    /**
     * Computes the wanted assignment. Planned again from itself, it stays the same.
     *
     * @param present for each shard the nodes that host it, the preferred leader first; empty if it is yet to be placed.
     *     Nodes that are no hosts any more are replaced
     * @param replicationFactor the number of replicas of each shard, as far as there are hosts
     * @return for each shard the nodes that are to host it, the preferred leader first
     */
    public static List<List<NodeId>> plan(List<List<NodeId>> present, Collection<Host> hosts, int replicationFactor) {
        return plan(present, hosts, replicationFactor, NONE);
    }

    /**
     * Computes the wanted assignment in which one shard stays where it is, whatever that costs the others.
     *
     * @param kept number of the shard. Where its hosts are not spread evenly over the zones, it gets fewer of them
     */
    public static List<List<NodeId>> planKeeping(
            int kept, List<List<NodeId>> present, Collection<Host> hosts, int replicationFactor) {
        return plan(present, hosts, replicationFactor, kept);
    }

    private static List<List<NodeId>> plan(
            List<List<NodeId>> present, Collection<Host> hosts, int replicationFactor, int kept) {
        if (replicationFactor < 1) {
            throw new IllegalArgumentException("The replication factor is at least 1, not " + replicationFactor);
        }
        List<Host> sorted = hosts.stream().sorted(comparing(Host::id)).toList();
        List<NodeId> ids = sorted.stream().map(Host::id).toList();
        if (Set.copyOf(ids).size() < ids.size()) {
            throw new IllegalArgumentException("A host is named twice among " + ids);
        }
        List<Object> zones = sorted.stream()
                .map(host -> host.zone().isEmpty() ? host.id() : (Object) host.zone())
                .toList();
        List<List<Integer>> staying = present.stream()
                .map(nodes -> nodes.stream()
                        .distinct()
                        .map(ids::indexOf)
                        .filter(host -> host >= 0)
                        .toList())
                .toList();
        List<List<Integer>> replicas = replicas(staying, ids, Zones.of(zones, replicationFactor), kept);
        return leadersFirst(replicas, staying, ids).stream()
                .map(nodes -> nodes.stream().map(ids::get).toList())
                .toList();
    }

    /** Chooses the hosts of each shard: those that stay in the order that they had, then the new ones. */
    private static List<List<Integer>> replicas(List<List<Integer>> staying, List<NodeId> ids, Zones zones, int kept) {
        Assignment assignment = new Assignment(ids, staying.size(), zones, (shard, host) -> {
            int preference = staying.get(shard).indexOf(host);
            if (preference < 0) {
                return shard == kept ? Assignment.EXCLUDED : Assignment.NEW;
            }
            return preference == 0 ? Assignment.LEADS : Assignment.STAYS;
        });
        assignment.improve();
        return IntStream.range(0, staying.size())
                .mapToObj(shard -> assignment.hosts(shard).stream()
                        .sorted(comparingInt(host -> {
                            int preference = staying.get(shard).indexOf(host);
                            return preference < 0 ? Integer.MAX_VALUE : preference;
                        }))
                        .toList())
                .toList();
    }

    /** Chooses one of the hosts of each shard as its preferred leader, and puts it first. */
    private static List<List<Integer>> leadersFirst(
            List<List<Integer>> replicas, List<List<Integer>> staying, List<NodeId> ids) {
        Assignment leaders = new Assignment(ids, replicas.size(), Zones.of(ids, 1), (shard, host) -> {
            int preference = replicas.get(shard).indexOf(host);
            boolean first = preference == 0 && staying.get(shard).contains(host);
            return preference < 0 ? Assignment.EXCLUDED : first ? Assignment.STAYS : Assignment.NEW;
        });
        leaders.improve();
        return IntStream.range(0, replicas.size())
                .mapToObj(shard -> {
                    Set<Integer> inOrder = new LinkedHashSet<>(leaders.hosts(shard));
                    inOrder.addAll(replicas.get(shard));
                    return List.copyOf(inOrder);
                })
                .toList();
    }
}
