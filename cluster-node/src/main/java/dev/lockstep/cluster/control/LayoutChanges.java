package dev.lockstep.cluster.control;

import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Decides which layout comes after another. Pure. */
final class LayoutChanges {

    private LayoutChanges() {}

    /** A request that can't be granted, with the reason for the one who asked. */
    static final class RefusedChange extends Exception {

        private static final long serialVersionUID = 1L;

        RefusedChange(String why) {
            super(why);
        }
    }

    /**
     * The layout that a request asks for.
     *
     * @return the same if it is so already
     */
    static Layout asked(Layout now, Request request) throws RefusedChange {
        if (request instanceof Request.AddNode add) {
            return added(now, add.member());
        } else if (request instanceof Request.RemoveNode remove) {
            return removed(now, remove.node());
        } else if (request instanceof Request.MoveReplica move) {
            return moved(now, move);
        }
        Request.ReplicasMoved moved = (Request.ReplicasMoved) request;
        Layout.Move move = now.moves().get(moved.group());
        return move != null && move.since() == moved.since() ? now.moved(moved.group()) : now;
    }

    private static Layout added(Layout now, Member member) throws RefusedChange {
        for (Member other : now.members()) {
            boolean sameAddress = other.host().equals(member.host()) && other.port() == member.port();
            if (sameAddress && !other.id().equals(member.id())) {
                throw new RefusedChange("Node " + other + " has that address already");
            }
        }
        return now.members().contains(member) && !now.leaving().contains(member.id()) ? now : now.adding(member);
    }

    private static Layout removed(Layout now, NodeId node) throws RefusedChange {
        if (now.leaving().contains(node)) {
            return now;
        }
        if (now.member(node) == null) {
            throw new RefusedChange(noSuchNode(now, node));
        }
        if (now.members().size() - now.leaving().size() == 1) {
            throw new RefusedChange(
                    "Node " + node
                            + " is the last that stays, and what it hosts could go nowhere. Add another node first: lockstep node add");
        }
        return now.leaving(node);
    }

    private static Layout moved(Layout now, Request.MoveReplica move) throws RefusedChange {
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
        if (now.member(move.to()) == null || now.leaving().contains(move.to())) {
            throw new RefusedChange(noSuchNode(now, move.to()));
        }
        if (hosts.contains(move.to())) {
            throw new RefusedChange("Node " + move.to() + " hosts shard " + move.shard() + " already");
        }
        return now.moving(Map.of(
                move.shard(),
                hosts.stream()
                        .map(host -> host.equals(move.from()) ? move.to() : host)
                        .toList()));
    }

    static String noSuchNode(Layout now, NodeId node) {
        return "There is no node " + node + " that stays; the cluster has the nodes "
                + now.members().stream().map(Member::toString).collect(Collectors.joining(", "))
                + (now.leaving().isEmpty() ? "" : ", of which these are leaving: " + now.leaving());
    }

    /**
     * The layout that follows by itself: a member that was leaving and hosts nothing is one no more, and groups move to where they are
     * wanted, while no others do.
     *
     * @param shards the nodes that are wanted for each shard
     * @return the same if there is nothing to do
     */
    static Layout following(Layout now, List<List<NodeId>> shards) {
        Set<NodeId> hosts = now.hosts().collect(Collectors.toSet());
        for (NodeId node : now.leaving()) {
            if (!hosts.contains(node)) {
                return now.without(node);
            }
        }
        Map<Integer, List<NodeId>> wanted = new TreeMap<>();
        wanted.put(ShardMap.CONTROL_GROUP, control(now));
        for (int shard = 0; shard < shards.size(); shard++) {
            wanted.put(shard, shards.get(shard));
        }
        wanted.entrySet().removeIf(one -> !isDue(now, one.getKey(), one.getValue()));
        return wanted.isEmpty() ? now : now.moving(wanted);
    }

    /** A group that is being moved goes elsewhere only if it can't stay where it would come to. */
    private static boolean isDue(Layout now, int group, List<NodeId> wanted) {
        List<NodeId> target = now.targetOf(group);
        boolean differs = !Set.copyOf(wanted).equals(Set.copyOf(target));
        return differs && (now.moves().isEmpty() || target.stream().anyMatch(now.leaving()::contains));
    }

    /**
     * Each member that stays hosts the control group, and one that leaves does until its shards have moved: until then it has to know the
     * caches, and a replica that the group has dropped would be closed under it.
     */
    private static List<NodeId> control(Layout now) {
        return now.members().stream()
                .map(Member::id)
                .filter(node -> !now.leaving().contains(node)
                        || now.groups().anyMatch(group -> group != ShardMap.CONTROL_GROUP && now.places(group, node)))
                .sorted()
                .toList();
    }
}
