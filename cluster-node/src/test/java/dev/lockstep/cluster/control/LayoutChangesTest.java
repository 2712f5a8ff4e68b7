package dev.lockstep.cluster.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LayoutChangesTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final NodeId D = new NodeId("d");
    private static final NodeId E = new NodeId("e");
    private static final NodeId F = new NodeId("f");
    /** A, B and C host the control group. */
    private static final Layout FOUR = new Layout(
            0,
            ClusterVersion.NEWEST,
            Layout.nodes(List.of(member(A), member(B), member(C), member(D))),
            List.of(),
            List.of(A, B, C),
            new ShardMap(7, List.of(List.of(A, B, C), List.of(B, C, D))),
            new TreeMap<>());

    private static Member member(NodeId id) {
        return new Member(id, "host-" + id, 7400);
    }

    private static Request add(NodeId node) {
        return new Request.AddNode(member(node), null);
    }

    private static Layout asked(Layout now, Request request) throws RefusedChange {
        return LayoutChanges.asked(now, request, (from, kept) -> targets(from));
    }

    private static List<List<NodeId>> targets(Layout layout) {
        return IntStream.range(0, layout.map().shards())
                .mapToObj(layout::targetOf)
                .toList();
    }

    private static Layout following(Layout now, List<List<NodeId>> shards) {
        return LayoutChanges.following(now, LayoutChanges.placeable(now, 3), shards);
    }

    private static void assertRefused(Layout now, Request request, String... message) {
        assertThatThrownBy(() -> asked(now, request))
                .isInstanceOf(RefusedChange.class)
                .hasMessageContainingAll(message);
    }

    @Test
    void aNodeThatIsAddedTwiceIsAddedOnce() throws Exception {
        Layout five = asked(FOUR, add(E));
        assertThat(five.members()).contains(member(E)).hasSize(5);
        assertThat(five.version()).isEqualTo(8);
        assertThat(asked(five, add(E))).isSameAs(five);
    }

    @Test
    void aNodeThatIsAddedAgainElsewhereHasANewAddress() throws Exception {
        Member moved = new Member(D, "elsewhere", 1);
        Layout next = asked(FOUR, new Request.AddNode(moved, null));
        assertThat(next.member(D)).isEqualTo(moved);
        assertThat(next.members()).hasSize(4);
    }

    @Test
    void aNodeThatIsAddedAgainKeepsItsZoneUnlessAnotherIsGiven() throws Exception {
        Layout zoned = asked(FOUR, new Request.AddNode(member(D), "rack 1"));
        assertThat(zoned.nodes()).contains(new Layout.Node(member(D), "rack 1", Standing.STAYING));
        assertThat(asked(zoned, add(D))).isSameAs(zoned);
        Layout elsewhere = asked(zoned, new Request.AddNode(member(D), "rack 2"));
        assertThat(elsewhere.nodes()).contains(new Layout.Node(member(D), "rack 2", Standing.STAYING));
    }

    @Test
    void theAddressOfAnotherMemberIsRefused() {
        assertRefused(FOUR, new Request.AddNode(new Member(E, "host-a", 7400), null), "a@host-a:7400", "that address");
    }

    @Test
    void aRemovalIsCancelledByAddingTheNodeAgain() throws Exception {
        Layout leaving = asked(FOUR, new Request.RemoveNode(D));
        assertThat(leaving.leaving()).containsExactly(D);
        assertThat(asked(leaving, new Request.RemoveNode(D))).isSameAs(leaving);
        Layout stays = asked(leaving, add(D));
        assertThat(stays.leaving()).isEmpty();
    }

    @Test
    void whoIsNoMemberOrTheLastThatStaysCannotBeRemoved() throws Exception {
        assertRefused(FOUR, new Request.RemoveNode(E), "no node e", "d@host-d:7400");
        Layout now = FOUR;
        for (NodeId node : List.of(A, B, C)) {
            now = asked(now, new Request.RemoveNode(node));
        }
        assertRefused(now, new Request.RemoveNode(D), "last that stays", "lockstep node add");
    }

    @Test
    void aShardMovesFromOneNodeToAnother() throws Exception {
        Request.MoveReplica move = new Request.MoveReplica(0, B, D);
        Layout moving = asked(FOUR, move);
        assertThat(moving.hostsOf(0)).containsExactly(A, B, C);
        assertThat(moving.targetOf(0)).containsExactly(A, D, C);
        assertThat(moving.places(0, B)).isTrue();
        assertThat(asked(moving, move)).isSameAs(moving);
        assertRefused(moving, new Request.MoveReplica(0, A, E), "is being moved");
        Layout moved = asked(moving, new Request.ReplicasMoved(0, moving.version()));
        assertThat(moved.hostsOf(0)).containsExactly(A, D, C);
        assertThat(moved.places(0, B)).isFalse();
        assertThat(moved.moves()).isEmpty();
        assertThat(asked(moved, move)).isSameAs(moved);
    }

    @Test
    void aMoveComesWithThoseThatFollowFromItAndIsRefusedIfItWouldBeTakenBack() throws Exception {
        Request.MoveReplica move = new Request.MoveReplica(0, B, D);
        Layout both = LayoutChanges.asked(FOUR, move, (from, kept) -> {
            assertThat(kept).isZero();
            assertThat(from.targetOf(0)).containsExactly(A, D, C);
            return List.of(List.of(C, D, A), List.of(B, C, A));
        });
        assertThat(both.targetOf(0)).containsExactly(A, D, C);
        assertThat(both.targetOf(1)).containsExactly(B, C, A);
        assertThat(both.version()).isEqualTo(8);
        Layout moving = FOUR.moving(Map.of(1, List.of(A, B, D)));
        assertThat(LayoutChanges.asked(moving, move, (from, kept) -> List.of(List.of(A, D, C), List.of(A, B, C)))
                        .targetOf(1))
                .as("it is on its way already")
                .containsExactly(A, B, D);
        assertThatThrownBy(() -> LayoutChanges.asked(FOUR, move, (from, kept) -> List.of(List.of(A, C), List.of(B))))
                .isInstanceOf(RefusedChange.class)
                .hasMessageContaining("would be moved back");
    }

    @Test
    void movesThatCanNotBeAreRefused() throws Exception {
        assertRefused(FOUR, new Request.MoveReplica(9, A, D), "no shard 9", "1");
        assertRefused(FOUR, new Request.MoveReplica(0, D, E), "d does not host shard 0", "[a, b, c]");
        assertRefused(FOUR, new Request.MoveReplica(0, A, E), "no node e");
        assertRefused(FOUR, new Request.MoveReplica(0, A, B), "b hosts shard 0 already");
        Layout leaving = asked(FOUR, new Request.RemoveNode(D));
        assertRefused(leaving, new Request.MoveReplica(0, A, D), "no node d that stays");
        assertRefused(FOUR.with(D, Standing.GONE), new Request.MoveReplica(0, A, D), "not answered for long: [d]");
    }

    @Test
    void aReportOfAMoveThatIsNotWantedAnyMoreChangesNothing() throws Exception {
        Layout moving = FOUR.moving(Map.of(0, List.of(A, B, D)));
        long since = moving.version();
        Layout elsewhere = moving.moving(Map.of(0, List.of(D, B, C)));
        assertThat(asked(elsewhere, new Request.ReplicasMoved(0, since))).isSameAs(elsewhere);
        Layout again = elsewhere.moving(Map.of(0, List.of(A, B, D)));
        assertThat(asked(again, new Request.ReplicasMoved(0, since)))
                .as("the voters may be others since")
                .isSameAs(again);
        assertThat(asked(FOUR, new Request.ReplicasMoved(0, since))).isSameAs(FOUR);
    }

    @Test
    void aNodeThatMayBeAVoterByAnEarlierPlanKeepsItsReplicaUntilTheMoveHasComeAbout() {
        Layout elsewhere = FOUR.moving(Map.of(0, List.of(A, B, D))).moving(Map.of(0, List.of(A, B, C)));
        assertThat(elsewhere.targetOf(0)).isEqualTo(FOUR.hostsOf(0));
        assertThat(elsewhere.moves()).containsOnlyKeys(0);
        assertThat(elsewhere.places(0, D)).isTrue();
        assertThat(following(elsewhere.with(D, Standing.LEAVING), shards(elsewhere))
                        .member(D))
                .isNotNull();
        Layout moved = elsewhere.moved(0);
        assertThat(moved.places(0, D)).isFalse();
        assertThat(moved.hostsOf(0)).isEqualTo(FOUR.hostsOf(0));
    }

    private static List<List<NodeId>> shards(Layout layout) {
        return layout.map().replicas();
    }

    @Test
    void nothingFollowsFromALayoutThatIsAsWanted() {
        assertThat(following(FOUR, shards(FOUR))).isSameAs(FOUR);
    }

    @Test
    void aMemberThatLeavesIsGoneOnceItHostsNothing() {
        Layout leaving = FOUR.with(A, Standing.LEAVING);
        Layout moving = following(leaving, List.of(List.of(D, B, C), List.of(B, C, D)));
        assertThat(moving.member(A)).isNotNull();
        Layout moved = moving.moved(0);
        Layout last = following(moved, shards(moved)).moved(ShardMap.CONTROL_GROUP);
        Layout gone = following(last, shards(last));
        assertThat(gone.member(A)).isNull();
        assertThat(gone.leaving()).isEmpty();
    }

    private static Layout members(ClusterVersion version, NodeId... nodes) {
        return Layout.settled(
                0,
                version,
                Layout.nodes(Stream.of(nodes).map(LayoutChangesTest::member).toList()),
                new ShardMap(7, List.of(List.of(nodes[0]))));
    }

    private static Layout members(NodeId... nodes) {
        return members(ClusterVersion.NEWEST, nodes);
    }

    /** The layout once the control group has been moved to where it is wanted. */
    private static Layout settled(Layout now) {
        return following(now, targets(now)).moved(ShardMap.CONTROL_GROUP);
    }

    private static List<NodeId> control(Layout now) {
        return settled(now).hostsOf(ShardMap.CONTROL_GROUP);
    }

    @Test
    void theControlGroupHasThreeOrFiveReplicasAndAsManyAsNodesInSmallerClusters() {
        assertThat(control(members(A))).containsExactly(A);
        assertThat(control(members(A, B))).containsExactly(A, B);
        assertThat(control(members(A, B, C))).containsExactly(A, B, C);
        assertThat(control(members(A, B, C, D))).hasSize(3);
        assertThat(control(members(A, B, C, D, E))).containsExactly(A, B, C, D, E);
        assertThat(control(members(A, B, C, D, E, F))).hasSize(5);
    }

    @Test
    void aMemberThatComesOrGoesMovesTheControlGroupOnlyIfItHasToBeMoved() {
        Layout four = settled(members(A, B, C, D));
        List<NodeId> hosts = four.hostsOf(ShardMap.CONTROL_GROUP);
        NodeId spare = Stream.of(A, B, C, D)
                .filter(node -> !hosts.contains(node))
                .findFirst()
                .orElseThrow();
        assertThat(control(four)).isEqualTo(hosts);
        assertThat(control(four.with(spare, Standing.LEAVING))).isEqualTo(hosts);
        assertThat(control(four.with(spare, Standing.GONE))).isEqualTo(hosts);
        for (Standing standing : List.of(Standing.LEAVING, Standing.GONE)) {
            Layout without = four.with(hosts.get(1), standing);
            assertThat(control(without)).hasSize(3).contains(hosts.get(0), hosts.get(2), spare);
            assertThat(control(settled(without).with(hosts.get(1), Standing.STAYING)))
                    .as("one that is back takes nothing back")
                    .contains(spare);
        }
        Layout five = four.adding(member(E), "");
        assertThat(control(five)).containsExactly(A, B, C, D, E);
        assertThat(control(settled(five).adding(member(F), ""))).containsExactly(A, B, C, D, E);
        assertThat(control(settled(five).with(A, Standing.GONE))).hasSize(3).doesNotContain(A);
    }

    @Test
    void oneOfThreeThatIsGoneKeepsItsReplicaOfTheControlGroup() {
        assertThat(control(members(A, B, C).with(C, Standing.GONE))).containsExactly(A, B, C);
        assertThat(control(members(A, B, C).with(C, Standing.LEAVING))).containsExactly(A, B);
    }

    @Test
    void theControlGroupIsInAsManyZonesAsThereAre() {
        Layout zoned = members(A)
                .adding(member(B), "x")
                .adding(member(C), "x")
                .adding(member(D), "x")
                .adding(member(E), "y");
        Layout four = settled(zoned.with(F, Standing.LEAVING));
        assertThat(four.hostsOf(ShardMap.CONTROL_GROUP)).hasSize(5);
        List<NodeId> three = control(four.with(B, Standing.LEAVING));
        assertThat(three).hasSize(3).contains(A, E);
    }

    @Test
    void eachMemberHostsTheControlGroupInAClusterWhoseMembersDoNotCopyIt() {
        ClusterVersion two = new ClusterVersion(2);
        assertThat(control(members(two, A, B, C, D, E, F))).containsExactly(A, B, C, D, E, F);
        Layout raised = members(two, A, B, C, D, E, F).raised(new ClusterVersion(3));
        assertThat(control(raised)).hasSize(5);
    }

    @Test
    void aMemberThatLeavesSuchAClusterHostsTheControlGroupUntilItsShardsHaveMoved() {
        Layout old = Layout.settled(0, new ClusterVersion(2), FOUR.nodes(), FOUR.map());
        Layout moving = following(old.with(A, Standing.LEAVING), List.of(List.of(D, B, C), List.of(B, C, D)));
        assertThat(moving.moves()).containsOnlyKeys(0);
        assertThat(following(moving, shards(moving))).isSameAs(moving);
        Layout last = following(moving.moved(0), shards(moving.moved(0)));
        assertThat(last.moves()).containsOnlyKeys(ShardMap.CONTROL_GROUP);
        assertThat(last.targetOf(ShardMap.CONTROL_GROUP)).containsExactly(B, C, D);
    }

    @Test
    void theControlGroupIsMovedAlsoWhileShardsAre() {
        Layout moving = FOUR.moving(Map.of(0, List.of(A, B, D))).adding(member(E), "");
        Layout next = following(moving, targets(moving));
        assertThat(next.moves()).containsOnlyKeys(ShardMap.CONTROL_GROUP, 0);
        assertThat(next.targetOf(ShardMap.CONTROL_GROUP)).containsExactly(A, B, C, D, E);
        Layout later = next.without(E);
        assertThat(following(later, targets(later))).as("it is on its way").isSameAs(later);
    }

    @Test
    void nothingIsMovedForBalanceWhileAMoveIsUnderWay() {
        Layout moving = FOUR.moving(Map.of(0, List.of(A, B, D)));
        assertThat(following(moving, List.of(List.of(A, C, D), List.of(A, C, D))))
                .isSameAs(moving);
    }

    @Test
    void groupsAreNotPlacedOnNodesThatAreGoneUnlessThereIsNoRoomElsewhere() {
        Layout gone = FOUR.with(D, Standing.GONE);
        assertThat(LayoutChanges.placeable(gone, 3)).extracting(Layout.Node::id).containsExactly(A, B, C);
        assertThat(LayoutChanges.placeable(gone, 4)).extracting(Layout.Node::id).containsExactly(A, B, C, D);
        assertThat(LayoutChanges.placeable(gone.with(A, Standing.LEAVING), 3))
                .extracting(Layout.Node::id)
                .containsExactly(B, C, D);
        Layout moving = following(gone, List.of(List.of(A, B, C), List.of(B, C, A)));
        assertThat(moving.moves()).containsOnlyKeys(1);
        Layout moved = moving.moved(1);
        assertThat(following(moved, shards(moved)).member(D))
                .as("it stays a member")
                .isNotNull();
    }

    @Test
    void aMoveToANodeThatIsGoneGoesElsewhere() {
        Layout moving =
                FOUR.adding(member(E), "").moving(Map.of(0, List.of(A, B, D))).with(D, Standing.GONE);
        Layout next = following(moving, List.of(List.of(A, B, E), List.of(B, C, E)));
        assertThat(next.targetOf(0)).containsExactly(A, B, E);
    }

    @Test
    void aMoveToANodeThatLeavesGoesElsewhere() {
        Layout moving =
                FOUR.adding(member(E), "").moving(Map.of(0, List.of(A, B, D))).with(D, Standing.LEAVING);
        Layout next = following(moving, List.of(List.of(A, B, E), List.of(B, C, E)));
        assertThat(next.targetOf(0)).containsExactly(A, B, E);
    }
}
