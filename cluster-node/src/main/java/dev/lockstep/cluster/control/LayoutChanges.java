package dev.lockstep.cluster.control;

import dev.lockstep.cluster.placement.PlacementPlanner;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Decides which layout comes after another. Pure. */
final class LayoutChanges {

    /** Replicas of the control group in a cluster that has as many nodes. */
    private static final int CONTROL_REPLICAS = 5;

    private static final int FEWER_CONTROL_REPLICAS = 3;

    private LayoutChanges() {}

    /** A choice of the nodes that are to host each shard. */
    @FunctionalInterface
    interface Planner {

        /** Plans from where a layout has the shards, one of which stays there. */
        List<List<NodeId>> plan(Layout from, int kept);
    }

    /**
     * The layout that a request asks for.
     *
     * @param planner asked where the others are wanted if a shard is moved
     * @return the same if it is so already
     */
    static Layout asked(Layout now, Request request, Planner planner) throws RefusedChange {
        if (request instanceof Request.AddNode add) {
            return added(now, add);
        } else if (request instanceof Request.RemoveNode remove) {
            return removed(now, remove.node());
        } else if (request instanceof Request.MoveReplica move) {
            return moved(now, move, planner);
        }
        Request.ReplicasMoved moved = (Request.ReplicasMoved) request;
        Layout.Move move = now.moves().get(moved.group());
        return move != null && move.since() == moved.since() ? now.moved(moved.group()) : now;
    }

    private static Layout added(Layout now, Request.AddNode add) throws RefusedChange {
        Member member = add.member();
        for (Member other : now.members()) {
            boolean sameAddress = other.host().equals(member.host()) && other.port() == member.port();
            if (sameAddress && !other.id().equals(member.id())) {
                throw new RefusedChange("Node " + other + " has that address already");
            }
        }
        Layout.Node known = now.node(member.id());
        String zone = add.zone() != null ? add.zone() : known == null ? "" : known.zone();
        return new Layout.Node(member, zone, Standing.STAYING).equals(known) ? now : now.adding(member, zone);
    }

    private static Layout removed(Layout now, NodeId node) throws RefusedChange {
        Layout.Node known = now.node(node);
        if (known == null) {
            throw new RefusedChange(noSuchNode(now, node));
        }
        if (known.standing() == Standing.LEAVING) {
            return now;
        }
        if (now.standing(Standing.STAYING).equals(List.of(node))) {
            throw new RefusedChange(
                    "Node " + node
                            + " is the last that stays, and what it hosts could go nowhere. Add another node first: lockstep node add");
        }
        return now.with(node, Standing.LEAVING);
    }

    private static Layout moved(Layout now, Request.MoveReplica move, Planner planner) throws RefusedChange {
        if (move.shard() >= now.map().shards()) {
            throw new RefusedChange("There is no shard " + move.shard() + "; the last is "
                    + (now.map().shards() - 1));
        }
        List<NodeId> hosts = now.targetOf(move.shard());
        if (hosts.contains(move.to()) && !hosts.contains(move.from())) {
            return now; // a copy of the request was there first
        }
        if (now.moves().containsKey(move.shard())) {
            throw new RefusedChange(
                    "Shard " + move.shard() + " is being moved to " + hosts + ". Wait until that is done");
        }
        if (!hosts.contains(move.from())) {
            throw new RefusedChange(
                    "Node " + move.from() + " does not host shard " + move.shard() + "; these do: " + hosts);
        }
        if (!now.standing(Standing.STAYING).contains(move.to())) {
            throw new RefusedChange(noSuchNode(now, move.to()));
        }
        if (hosts.contains(move.to())) {
            throw new RefusedChange("Node " + move.to() + " hosts shard " + move.shard() + " already");
        }
        List<NodeId> target = hosts.stream()
                .map(host -> host.equals(move.from()) ? move.to() : host)
                .toList();
        return now.moving(together(now, move.shard(), target, planner));
    }

    /** A move, with those of others that follow from it for balance: planned by themselves, they might take it back. */
    private static Map<Integer, List<NodeId>> together(Layout now, int shard, List<NodeId> target, Planner planner)
            throws RefusedChange {
        Map<Integer, List<NodeId>> moves = new TreeMap<>(Map.of(shard, target));
        List<List<NodeId>> planned = planner.plan(now.moving(moves), shard);
        if (!isSame(planned.get(shard), target)) {
            throw new RefusedChange("Shard " + shard + " on " + target
                    + " would not be spread over the zones as evenly as they allow, and would be moved back");
        }
        for (int other = 0; other < planned.size(); other++) {
            if (other != shard && !now.moves().containsKey(other) && !isSame(planned.get(other), now.hostsOf(other))) {
                moves.put(other, planned.get(other));
            }
        }
        return moves;
    }

    private static boolean isSame(List<NodeId> hosts, List<NodeId> others) {
        return Set.copyOf(hosts).equals(Set.copyOf(others));
    }

    static String noSuchNode(Layout now, NodeId node) {
        return "There is no node " + node + " that stays; the cluster has the nodes "
                + now.members().stream().map(Member::toString).collect(Collectors.joining(", "))
                + (now.leaving().isEmpty() ? "" : ", of which these are leaving: " + now.leaving())
                + (now.standing(Standing.GONE).isEmpty()
                        ? ""
                        : ", of which these have not answered for long: " + now.standing(Standing.GONE));
    }

    /**
     * The layout that follows by itself: a member that was leaving and hosts nothing is one no more, and groups move to where they are
     * wanted, while no others do.
     *
     * @param placeable the nodes that may host groups
     * @param shards those that are wanted for each shard
     * @return the same if there is nothing to do
     */
    static Layout following(Layout now, List<Layout.Node> placeable, List<List<NodeId>> shards) {
        Set<NodeId> hosts = now.hosts().collect(Collectors.toSet());
        for (NodeId node : now.leaving()) {
            if (!hosts.contains(node)) {
                return now.without(node);
            }
        }
        Map<Integer, List<NodeId>> wanted = new TreeMap<>();
        wanted.put(ShardMap.CONTROL_GROUP, control(now, placeable));
        for (int shard = 0; shard < shards.size(); shard++) {
            wanted.put(shard, shards.get(shard));
        }
        Set<NodeId> unfit = new TreeSet<>(now.leaving());
        unfit.addAll(now.standing(Standing.GONE));
        wanted.entrySet().removeIf(one -> !isDue(now, one.getKey(), one.getValue(), unfit));
        return wanted.isEmpty() ? now : now.moving(wanted);
    }

    /**
     * A group that is being moved goes elsewhere only if it can't stay where it would come to. Shards move when no other groups do, the
     * control group at once: the others can't be moved without it.
     */
    private static boolean isDue(Layout now, int group, List<NodeId> wanted, Set<NodeId> unfit) {
        List<NodeId> target = now.targetOf(group);
        boolean isItsTurn = group == ShardMap.CONTROL_GROUP
                ? !now.moves().containsKey(group)
                : now.moves().isEmpty();
        return !isSame(wanted, target) && (isItsTurn || target.stream().anyMatch(unfit::contains));
    }

    /**
     * The nodes that are wanted for the control group: as many as are of use for a majority, spread over the zones, those that host it
     * already if possible. In a cluster whose members do not copy it, each node that may host groups, and one that leaves until its shards
     * have moved: until then it has to know the caches.
     */
    private static List<NodeId> control(Layout now, List<Layout.Node> placeable) {
        if (now.clusterVersion().hasControlCopies()) {
            List<PlacementPlanner.Host> hosts = hosts(placeable(now, FEWER_CONTROL_REPLICAS));
            List<List<NodeId>> present = List.of(now.targetOf(ShardMap.CONTROL_GROUP));
            return PlacementPlanner.plan(present, hosts, controlReplicas(hosts.size())).get(0).stream()
                    .sorted()
                    .toList();
        }
        return now.nodes().stream()
                .filter(node -> placeable.contains(node)
                        || (node.standing() == Standing.LEAVING && hostsShards(now, node.id())))
                .map(Layout.Node::id)
                .sorted()
                .toList();
    }

    /** Four would survive no more failures than three. Of two nodes, both host the group: one disk alone must not have all decisions. */
    private static int controlReplicas(int nodes) {
        return nodes >= CONTROL_REPLICAS ? CONTROL_REPLICAS : FEWER_CONTROL_REPLICAS;
    }

    /** Nodes as the planner sees them. */
    static List<PlacementPlanner.Host> hosts(List<Layout.Node> nodes) {
        return nodes.stream()
                .map(node -> new PlacementPlanner.Host(node.id(), node.zone()))
                .toList();
    }

    private static boolean hostsShards(Layout now, NodeId node) {
        return now.groups().anyMatch(group -> group != ShardMap.CONTROL_GROUP && now.places(group, node));
    }

    /**
     * The nodes that may host groups: the members that stay, and those that are gone only if a group would have fewer replicas without
     * them.
     */
    static List<Layout.Node> placeable(Layout now, int replicationFactor) {
        List<Layout.Node> staying = with(now, Set.of(Standing.STAYING));
        List<Layout.Node> all = with(now, Set.of(Standing.STAYING, Standing.GONE));
        return staying.size() < Math.min(replicationFactor, all.size()) ? all : staying;
    }

    private static List<Layout.Node> with(Layout now, Set<Standing> standings) {
        return now.nodes().stream()
                .filter(node -> standings.contains(node.standing()))
                .toList();
    }
}
