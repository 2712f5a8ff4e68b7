package dev.lockstep.cluster.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.placement.PlacementPlanner.Host;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The figures of ADR 23: planned placement beside a ring of consistent hashing, for three replicas. */
class PlacementFiguresTest {

    private static final int REPLICAS = 3;
    private static final int VIRTUAL_NODES = 256;

    @Test
    void theDecisionHasTheseFigures() throws IOException {
        List<String> rows = Stream.of(16, 256)
                .flatMap(shards -> Stream.of(3, 5, 10, 20, 50).map(hosts -> row(shards, hosts)))
                .toList();
        assertThat(Files.readAllLines(Path.of("../docs/adr/0023-placement.md"))).containsSubsequence(rows);
    }

    private static String row(int shards, int hosts) {
        int share = (shards * REPLICAS + hosts) / (hosts + 1);
        List<List<NodeId>> formed =
                PlacementPlanner.plan(Collections.nCopies(shards, List.of()), hosts(hosts), REPLICAS);
        List<List<NodeId>> joined = PlacementPlanner.plan(formed, hosts(hosts + 1), REPLICAS);
        return "| " + shards + " | " + hosts + " | " + share
                + figures(formed, joined, hosts)
                + ring(shards, hosts, average -> Integer.MAX_VALUE)
                + ring(shards, hosts, average -> (int) Math.ceil(average * 1.15))
                + " |";
    }

    private static String ring(int shards, int hosts, Function<Double, Integer> cap) {
        return figures(onRing(shards, hosts(hosts), cap), onRing(shards, hosts(hosts + 1), cap), hosts);
    }

    private static String figures(List<List<NodeId>> before, List<List<NodeId>> after, int hosts) {
        List<NodeId> held = before.stream().flatMap(List::stream).toList();
        int most = held.stream()
                .mapToInt(node -> Collections.frequency(held, node))
                .max()
                .orElseThrow();
        int moves = 0;
        for (int shard = 0; shard < before.size(); shard++) {
            Set<NodeId> moved = new HashSet<>(after.get(shard));
            before.get(shard).forEach(moved::remove);
            moves += moved.size();
        }
        return String.format(Locale.ROOT, " | %.2f | %d", most * hosts / (double) held.size(), moves);
    }

    private static List<Host> hosts(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(number -> new Host(new NodeId("node-" + number), ""))
                .toList();
    }

    /** Gives a shard to the next hosts on the ring that have less than the cap. */
    private static List<List<NodeId>> onRing(int shards, List<Host> hosts, Function<Double, Integer> cap) {
        TreeMap<Long, NodeId> ring = new TreeMap<>();
        for (Host host : hosts) {
            for (int point = 0; point < VIRTUAL_NODES; point++) {
                ring.put(hash(host.id().name().hashCode(), point), host.id());
            }
        }
        int most = cap.apply(shards * REPLICAS / (double) hosts.size());
        Map<NodeId, Integer> load = new TreeMap<>();
        List<List<NodeId>> placed = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            long point = hash(shard, -1);
            List<NodeId> nodes = Stream.concat(
                            ring.tailMap(point).values().stream(), ring.headMap(point).values().stream())
                    .distinct()
                    .filter(node -> load.getOrDefault(node, 0) < most)
                    .limit(REPLICAS)
                    .toList();
            nodes.forEach(node -> load.merge(node, 1, Integer::sum));
            placed.add(nodes);
        }
        return placed;
    }

    private static long hash(long first, long second) {
        long mixed = (first + 1) * 0x9E3779B97F4A7C15L + second;
        mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }
}
