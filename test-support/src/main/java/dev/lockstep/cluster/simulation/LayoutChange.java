package dev.lockstep.cluster.simulation;

import static dev.lockstep.cluster.simulation.Interruption.Step.ADDED;
import static dev.lockstep.cluster.simulation.Interruption.Step.DISMISSED;
import static dev.lockstep.cluster.simulation.Interruption.Step.DROPPING;
import static dev.lockstep.cluster.simulation.Interruption.Step.JOINT;
import static dev.lockstep.cluster.simulation.Interruption.Step.OPENED;
import static dev.lockstep.cluster.simulation.Interruption.Step.OPENING_ASKED;
import static dev.lockstep.cluster.simulation.Interruption.Step.PLANNED;
import static dev.lockstep.cluster.simulation.Interruption.Step.PLAN_PROPOSED;
import static dev.lockstep.cluster.simulation.Interruption.Step.PUBLICATION_PROPOSED;
import static dev.lockstep.cluster.simulation.Interruption.Step.PUBLISHED;
import static dev.lockstep.cluster.simulation.Interruption.Step.REMOVED;
import static dev.lockstep.cluster.simulation.Interruption.Step.REMOVING;
import static dev.lockstep.cluster.simulation.Interruption.Step.REPORTED;
import static dev.lockstep.cluster.simulation.Interruption.Step.STAGED;
import static dev.lockstep.cluster.simulation.Interruption.Step.TRANSFERRED;
import static dev.lockstep.cluster.simulation.Interruption.Step.TRANSFERRING;
import static dev.lockstep.cluster.simulation.Interruption.Step.VOTERS_CHANGED;

import dev.lockstep.cluster.simulation.Interruption.Role;
import dev.lockstep.cluster.simulation.Interruption.Step;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A change of the layout of a small cluster. Of four nodes, shard 0 is on n0, n1 and n2 before, shard 1 on n3, n0 and n1, and the control
 * group on n0, n1 and n3. No change leads to further moves for balance but those of nodes that come and go.
 */
enum LayoutChange {
    /** A replica of a shard goes from n1 to n2, while n0 leads. */
    REPLICA_MOVED(
            4,
            new Request.MoveReplica(1, new NodeId("n1"), new NodeId("n2")),
            1,
            new NodeId("n1"),
            new NodeId("n2"),
            leaders("n3", "n2", "n0"),
            moving()),
    /** The replica that leads goes from n1 to n2. */
    LEADING_REPLICA_MOVED(
            4,
            new Request.MoveReplica(1, new NodeId("n1"), new NodeId("n2")),
            1,
            new NodeId("n1"),
            new NodeId("n2"),
            leaders("n3", "n0", "n1"),
            movingLeader()),
    /** The node n1 is removed, which leads a shard: n2 gets its replica of the control group. */
    NODE_REMOVED(
            4,
            new Request.RemoveNode(new NodeId("n1")),
            ShardMap.CONTROL_GROUP,
            new NodeId("n1"),
            new NodeId("n2"),
            leaders("n3", "n1", "n0"),
            leavingControl()),
    /** The node n3 is removed, which leads the control group: n2 gets its replica of that. */
    CONTROL_LEADER_REMOVED(
            4,
            new Request.RemoveNode(new NodeId("n3")),
            ShardMap.CONTROL_GROUP,
            new NodeId("n3"),
            new NodeId("n2"),
            leaders("n3", "n0", "n1"),
            with(leavingControl(), TRANSFERRING, TRANSFERRED)),
    /** The node n3 joins three others: it gets a replica of a shard that n0 had, and none of the control group. */
    NODE_ADDED(
            3,
            new Request.AddNode(new Member(new NodeId("n3"), "simulated", 4), null),
            1,
            new NodeId("n0"),
            new NodeId("n3"),
            leaders("n2", "n0", "n1"),
            moving()),
    /** The node n4 joins four others: the control group, which had three replicas, gets one there and one on n2. */
    CONTROL_GROUP_GROWN(
            4,
            new Request.AddNode(new Member(new NodeId("n4"), "simulated", 5), null),
            ShardMap.CONTROL_GROUP,
            null,
            new NodeId("n2"),
            leaders("n3", "n2", "n0"),
            List.of(
                    PLAN_PROPOSED,
                    PLANNED,
                    OPENING_ASKED,
                    OPENED,
                    STAGED,
                    JOINT,
                    VOTERS_CHANGED,
                    PUBLICATION_PROPOSED,
                    PUBLISHED)),
    /** The node n4 leaves four others: the control group, which had five replicas, loses that one and the one on n2. */
    CONTROL_GROUP_SHRUNK(
            5,
            new Request.RemoveNode(new NodeId("n4")),
            ShardMap.CONTROL_GROUP,
            new NodeId("n2"),
            null,
            leaders("n0", "n1", "n3"),
            List.of(
                    PLAN_PROPOSED,
                    PLANNED,
                    DROPPING,
                    JOINT,
                    VOTERS_CHANGED,
                    PUBLICATION_PROPOSED,
                    PUBLISHED,
                    REMOVING,
                    REMOVED));

    private final int nodes;
    private final Request request;
    private final int group;
    private final @Nullable NodeId source;
    private final @Nullable NodeId target;
    private final Map<Integer, NodeId> leaders;
    private final List<Step> steps;

    LayoutChange(
            int nodes,
            Request request,
            int group,
            @Nullable NodeId source,
            @Nullable NodeId target,
            Map<Integer, NodeId> leaders,
            List<Step> steps) {
        this.nodes = nodes;
        this.request = request;
        this.group = group;
        this.source = source;
        this.target = target;
        this.leaders = leaders;
        this.steps = steps;
    }

    private static List<Step> moving() {
        return List.of(
                PLAN_PROPOSED,
                PLANNED,
                OPENING_ASKED,
                OPENED,
                STAGED,
                JOINT,
                VOTERS_CHANGED,
                REPORTED,
                PUBLICATION_PROPOSED,
                PUBLISHED,
                REMOVING,
                REMOVED);
    }

    private static List<Step> movingLeader() {
        return with(moving(), ADDED, TRANSFERRING, TRANSFERRED, DROPPING);
    }

    /** The leader of the control group reports to itself, and a node that is removed may have been ended before it has deleted its replica. */
    private static List<Step> leavingControl() {
        List<Step> left = List.of(REPORTED, REMOVING, REMOVED);
        return with(moving().stream().filter(step -> !left.contains(step)).toList(), DISMISSED);
    }

    /** Adds steps, all in the order in which they are listed where they are explained. */
    private static List<Step> with(List<Step> steps, Step... more) {
        return Stream.concat(steps.stream(), Stream.of(more)).sorted().toList();
    }

    private static Map<Integer, NodeId> leaders(String control, String first, String second) {
        return Map.of(ShardMap.CONTROL_GROUP, new NodeId(control), 0, new NodeId(first), 1, new NodeId(second));
    }

    /** The cluster before it, its clients, and no faults but those of a network that is used. */
    Scenario scenario() {
        int spares = request instanceof Request.AddNode ? 1 : 0;
        return new Scenario(
                nodes,
                2,
                1,
                70,
                2,
                300,
                0,
                false,
                0,
                10_000,
                new SimulatedNetwork.Weather(0.005, 0.02),
                new SimulatedRaft.Hardships(0, 0, 0, true, 0.02, new SimulatedRaft.Checkpoints(10, 3, 0, 0)),
                false,
                spares,
                false);
    }

    /** The request of an operator by which it begins. */
    Request request() {
        return request;
    }

    /** The group whose move is looked at; further ones may move too. */
    int group() {
        return group;
    }

    /** The node that loses its replica of the group; null if none does. */
    @Nullable
    NodeId source() {
        return source;
    }

    /** The node that gets a replica of the group; null if none does. */
    @Nullable
    NodeId target() {
        return target;
    }

    /** The nodes that are to lead when it begins, by group. */
    Map<Integer, NodeId> leaders() {
        return leaders;
    }

    /** The steps by which it comes about. */
    List<Step> steps() {
        return steps;
    }

    /** The parts of nodes at a step of it. A node that joins is not started before the layout names it. */
    List<Role> roles(Step step) {
        List<Role> roles = new ArrayList<>(List.of(Role.LEADER));
        if (group != ShardMap.CONTROL_GROUP) {
            roles.add(Role.CONTROL_LEADER);
        }
        if (source != null) {
            roles.add(Role.SOURCE);
        }
        boolean joinsLater = request instanceof Request.AddNode add
                && add.member().id().equals(target)
                && steps.indexOf(step) < steps.indexOf(OPENING_ASKED);
        if (target != null && !joinsLater) {
            roles.add(Role.TARGET);
        }
        return roles;
    }

    /** Tells whether a layout is that of the change, or one that followed from it. */
    boolean isDecided(Layout layout) {
        if (request instanceof Request.MoveReplica move) {
            return layout.targetOf(move.shard()).contains(move.to());
        } else if (request instanceof Request.RemoveNode remove) {
            return layout.member(remove.node()) == null || layout.leaving().contains(remove.node());
        }
        return layout.member(((Request.AddNode) request).member().id()) != null;
    }

    /** Tells whether the change is complete. */
    boolean hasComeAbout(Layout layout) {
        return isDecided(layout)
                && layout.moves().isEmpty()
                && layout.leaving().isEmpty()
                && (source == null || !layout.hostsOf(group).contains(source))
                && (target == null || layout.hostsOf(group).contains(target));
    }
}
