package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Leadership reports as node a sees the groups. */
class LeadershipReportsTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final Set<NodeId> ALL = Set.of(A, B, new NodeId("c"));

    private final SimulatedWorld world = new SimulatedWorld();
    private final LeadershipReports reports = new LeadershipReports(A, world);
    private final Map<Integer, Leadership> leaderships = new TreeMap<>();

    private void leads(@Nullable NodeId leader, int... groups) {
        for (int group : groups) {
            leaderships.put(group, ScriptedLog.following(1, leader, ALL));
        }
    }

    private List<String> told(Duration time) {
        List<String> told = new ArrayList<>();
        for (long millis = 0; millis < time.toMillis(); millis += 20) {
            reports.changes(leaderships).forEach(message -> told.add(message.text()));
            world.pass(Duration.ofMillis(20));
        }
        return told;
    }

    @Test
    void electionsThatComeTogetherAreToldInOneLineAndOnce() {
        leads(A, 0, 2, ShardMap.CONTROL_GROUP);
        leads(B, 1);
        assertThat(told(Duration.ofSeconds(2)))
                .containsExactlyInAnyOrder("a leads shards 0, 2 and the control group", "b leads shard 1");
        assertThat(told(Duration.ofSeconds(2))).isEmpty();
    }

    @Test
    void aLeaderThatIsFollowedAtOnceIsToldWithItsSuccessor() {
        leads(B, 0);
        told(Duration.ofSeconds(1));
        leads(null, 0);
        told(Duration.ofMillis(100));
        leads(A, 0);
        assertThat(told(Duration.ofSeconds(1))).containsExactly("a leads shard 0, until now b did");
    }

    @Test
    void aTenureLastsUntilAnotherTermOrLeader() {
        leads(B, 0);
        leaderships.put(1, ScriptedLog.leading(1, A, ALL));
        told(Duration.ofSeconds(1));
        assertThat(reports.tenureNanos(0)).isZero();
        assertThat(reports.tenureNanos(1)).isEqualTo(Duration.ofSeconds(1).toNanos());
        leaderships.put(1, ScriptedLog.leading(2, A, ALL));
        told(Duration.ofMillis(100));
        assertThat(reports.tenureNanos(1)).isEqualTo(Duration.ofMillis(100).toNanos());
        leads(B, 1);
        told(Duration.ofMillis(100));
        assertThat(reports.tenureNanos(1)).isZero();
        leaderships.put(1, ScriptedLog.leading(3, A, ALL));
        told(Duration.ofMillis(100));
        leaderships.remove(1);
        told(Duration.ofMillis(100));
        assertThat(reports.tenureNanos(1)).isZero();
    }

    @Test
    void aLostLeaderIsReportedAndItsSuccessor() {
        leads(B, 0, 1);
        told(Duration.ofSeconds(1));
        leads(null, 0, 1);
        assertThat(told(Duration.ofSeconds(1)))
                .containsExactly(
                        "No leader of shards 0, 1 is known: b, which led, is not heard of any more or has stepped down");
        leads(A, 0);
        leads(B, 1);
        assertThat(reports.changes()).isZero();
        assertThat(told(Duration.ofSeconds(1)))
                .containsExactlyInAnyOrder("a leads shard 0, until now b did", "b leads shard 1 again");
        assertThat(reports.changes()).isEqualTo(2);
    }

    @Test
    void aNodeTellsThatItHasSteppedDown() {
        leads(A, 3);
        told(Duration.ofSeconds(1));
        leads(null, 3);
        assertThat(told(Duration.ofSeconds(1))).containsExactly("No leader of shard 3 is known: a has stepped down");
    }

    @Test
    void nothingIsReportedWhileAllLeadersStay() {
        leads(A, 0);
        told(Duration.ofMillis(20));
        assertThat(reports.quietNanos()).isEqualTo(Duration.ofMillis(20).toNanos());
        told(Duration.ofSeconds(3));
        assertThat(reports.quietNanos()).isGreaterThan(Duration.ofSeconds(3).toNanos());
        leads(null, 0);
        told(Duration.ofSeconds(1));
        assertThat(reports.quietNanos()).isLessThan(Duration.ofMillis(40).toNanos());
    }
}
