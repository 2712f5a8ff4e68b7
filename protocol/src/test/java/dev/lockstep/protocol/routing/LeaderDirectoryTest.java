package dev.lockstep.protocol.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LeaderDirectoryTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");

    /** Shard 0 is on {@code owner} alone, which leads it. */
    private static ClusterView view(long version, NodeId owner) {
        List<Member> members = List.of(new Member(A, "h", 1), new Member(B, "h", 2));
        return new ClusterView("demo", members, new ShardMap(version, List.of(List.of(owner))), Map.of(0, owner));
    }

    @Test
    void anOlderMapIsNotBelieved() {
        LeaderDirectory directory = new LeaderDirectory(view(7, A), null, 0, new SimulatedWorld());
        directory.learn(view(8, B));
        directory.learn(view(7, A));
        assertThat(directory.view().map()).isEqualTo(view(8, B).map());
        assertThat(directory.candidates(new Request.Subscribe(0, 0, List.of()), false))
                .extracting(Member::id)
                .containsExactly(B);
    }

    @Test
    void theSameMapMayNameOtherLeaders() {
        LeaderDirectory directory = new LeaderDirectory(view(7, A), null, 0, new SimulatedWorld());
        ClusterView told =
                new ClusterView("demo", view(7, A).members(), view(7, A).map(), Map.of(0, B));
        directory.learn(told);
        assertThat(directory.view()).isEqualTo(told);
    }

    @Test
    void theHostsOfTheControlGroupAreAskedFirstForWhatItDecidesAndTheOthersAfterThem() {
        Layout settled =
                Layout.settled(0, Layout.nodes(view(7, A).members()), view(7, A).map());
        Layout onB = settled.moving(Map.of(ShardMap.CONTROL_GROUP, List.of(B))).moved(ShardMap.CONTROL_GROUP);
        LeaderDirectory directory =
                new LeaderDirectory(new ClusterView("demo", onB, Map.of()), null, 0, new SimulatedWorld());
        assertThat(directory.candidates(new Request.ListCaches(), false))
                .extracting(Member::id)
                .containsExactly(B, A);
        directory.leads(ShardMap.CONTROL_GROUP, A);
        assertThat(directory.candidates(new Request.ListCaches(), false))
                .extracting(Member::id)
                .containsExactly(A, B);
    }
}
