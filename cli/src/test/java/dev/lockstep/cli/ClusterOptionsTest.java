package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ClusterOptionsTest {

    private static ClusterOptions options(String... words) {
        ClusterOptions options = new ClusterOptions();
        new CommandLine(options)
                .parseArgs(Stream.concat(Stream.of("--servers=10.0.0.1:7400"), Stream.of(words))
                        .toArray(String[]::new));
        return options;
    }

    private static ClusterView clusterAt(String... hosts) {
        List<Member> members = Stream.of(hosts)
                .map(host -> new Member(new NodeId("n" + host.hashCode()), host, 7400))
                .toList();
        ShardMap map = new ShardMap(1, List.of(members.stream().map(Member::id).toList()));
        return new ClusterView("c", members, map, Map.of());
    }

    @Test
    void aClusterBeyondLoopbackIsInsecureUnlessItIsReachedWithEncryption() {
        assertThat(options().isInsecure(clusterAt("127.0.0.1", "10.0.0.2"))).isTrue();
        assertThat(options().isInsecure(clusterAt("127.0.0.1", "localhost"))).isFalse();
        assertThat(options("--tls=folder").isInsecure(clusterAt("10.0.0.1", "10.0.0.2")))
                .isFalse();
    }
}
