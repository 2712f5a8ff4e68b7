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
import org.jspecify.annotations.Nullable;

/**
 * A change of the layout of a small cluster, whose shard 0 is on n0, n1 and n2 before, and shard 1 on n3, n0 and n1, or on n0, n1 and n2
 * where n3 comes later. No change leads to further moves for balance but those of nodes that come and go.
 */
enum LayoutChange {
    /** A replica of a shard goes from n1 to n3, while n0 leads. */
    REPLICA_MOVED(
            new Request.MoveReplica(0, new NodeId("n1"), new NodeId("n3")),
            0,
            new NodeId("n1"),
            new NodeId("n3"),
            leaders("n2", "n0", "n3"),
            List.of(
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
                    REMOVED)),
    /** The replica that leads goes from n1 to n3. */
    LEADING_REPLICA_MOVED(
            new Request.MoveReplica(0, new NodeId("n1"), new NodeId("n3")),
            0,
            new NodeId("n1"),
            new NodeId("n3"),
            leaders("n2", "n1", "n0"),
            List.of(
                    PLAN_PROPOSED,
                    PLANNED,
                    OPENING_ASKED,
                    OPENED,
                    STAGED,
                    JOINT,
                    ADDED,
                    TRANSFERRING,
                    TRANSFERRED,
                    DROPPING,
                    VOTERS_CHANGED,
                    REPORTED,
                    PUBLICATION_PROPOSED,
                    PUBLISHED,
                    REMOVING,
                    REMOVED)),
    /** The node n1 is removed, which leads a shard: its replica of the control group goes last. */
    NODE_REMOVED(
            new Request.RemoveNode(new NodeId("n1")),
            ShardMap.CONTROL_GROUP,
            new NodeId("n1"),
            null,
            leaders("n2", "n1", "n3"),
            List.of(
                    PLAN_PROPOSED,
                    PLANNED,
                    DROPPING,
                    JOINT,
                    VOTERS_CHANGED,
                    PUBLICATION_PROPOSED,
                    PUBLISHED,
                    DISMISSED)),
    /** The node n2 is removed, which leads the control group. */
    CONTROL_LEADER_REMOVED(
            new Request.RemoveNode(new NodeId("n2")),
            ShardMap.CONTROL_GROUP,
            new NodeId("n2"),
            null,
            leaders("n2", "n0", "n3"),
            List.of(
                    TRANSFERRING,
                    TRANSFERRED,
                    PLAN_PROPOSED,
                    PLANNED,
                    DROPPING,
                    JOINT,
                    VOTERS_CHANGED,
                    PUBLICATION_PROPOSED,
                    PUBLISHED,
                    DISMISSED)),
    /** The node n3 joins: the control group gets its replica there first. */
    NODE_ADDED(
            new Request.AddNode(new Member(new NodeId("n3"), "simulated", 4), null),
            ShardMap.CONTROL_GROUP,
            null,
            new NodeId("n3"),
            leaders("n2", "n0", "n1"),
            List.of(
                    PLAN_PROPOSED,
                    PLANNED,
                    OPENING_ASKED,
                    STAGED,
                    JOINT,
                    VOTERS_CHANGED,
                    PUBLICATION_PROPOSED,
                    PUBLISHED));

    private static final int NODES = 4;

    private final Request request;
    private final int group;
    private final @Nullable NodeId source;
    private final @Nullable NodeId target;
    private final Map<Integer, NodeId> leaders;
    private final List<Step> steps;

    LayoutChange(
            Request request,
            int group,
            @Nullable NodeId source,
            @Nullable NodeId target,
            Map<Integer, NodeId> leaders,
            List<Step> steps) {
        this.request = request;
        this.group = group;
        this.source = source;
        this.target = target;
        this.leaders = leaders;
        this.steps = steps;
    }

    private static Map<Integer, NodeId> leaders(String control, String first, String second) {
        return Map.of(ShardMap.CONTROL_GROUP, new NodeId(control), 0, new NodeId(first), 1, new NodeId(second));
    }

    /** The cluster before it, its clients, and no faults but those of a network that is used. */
    Scenario scenario() {
        int spares = request instanceof Request.AddNode ? 1 : 0;
        return new Scenario(
                NODES - spares,
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
                spares);
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
        boolean joinsLater = request instanceof Request.AddNode && steps.indexOf(step) < steps.indexOf(OPENING_ASKED);
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
                && (target == null || layout.map().replicas().stream().anyMatch(hosts -> hosts.contains(target)));
    }
}
