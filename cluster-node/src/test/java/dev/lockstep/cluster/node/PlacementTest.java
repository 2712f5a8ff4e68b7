package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlacementTest {

    private static List<NodeId> members(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(number -> new NodeId("n" + number))
                .toList();
    }

    @Test
    void theOrderInWhichMembersAreWrittenDownDoesNotMatter() {
        List<NodeId> members = members(5);
        List<NodeId> other = List.of(members.get(3), members.get(0), members.get(4), members.get(2), members.get(1));
        assertThat(Placement.of(other, 16, 3)).isEqualTo(Placement.of(members, 16, 3));
    }

    @ParameterizedTest
    @CsvSource({"1, 4, 3", "2, 16, 3", "3, 16, 3", "5, 16, 3", "7, 4, 7", "7, 100, 1"})
    void replicasAreOnDifferentNodesAndEvenlySpread(int nodes, int shards, int factor) {
        ShardMap map = Placement.of(members(nodes), shards, factor);
        assertThat(map.shards()).isEqualTo(shards);
        assertThat(map.replicas()).allSatisfy(replicas -> {
            assertThat(replicas).hasSize(Math.min(nodes, factor));
            assertThat(new HashSet<>(replicas)).hasSameSizeAs(replicas);
        });
        Map<NodeId, Long> first = map.replicas().stream()
                .map(replicas -> replicas.get(0))
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        assertThat(first.values()).allMatch(count -> count <= (shards + nodes - 1) / nodes);
    }
}
