package dev.lockstep.protocol.topology;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The layout of a cluster: its members, the nodes that host each group, and the groups that are being moved to other nodes. Kept by
 * the control group; immutable. Of two layouts the one with the higher version holds; the one that follows from the settings of a
 * cluster that is being formed has version {@link #UNFORMED}.
 *
 * @param clusterId drawn at random when the cluster is formed, so that two clusters of one name are told apart
 * @param clusterVersion of what the nodes write; only rises
 * @param nodes the members, each once
 * @param removed the last thousand that were members and were removed, in that order, also if they are members again
 * @param control the nodes that host the control group
 * @param map the nodes that host the shards; its version is the layout's
 * @param moves by group, {@link ShardMap#CONTROL_GROUP} among them; until a move has come about, the group is hosted by nodes before
 *     and after it
 */
public record Layout(
        long clusterId,
        ClusterVersion clusterVersion,
        List<Node> nodes,
        List<NodeId> removed,
        List<NodeId> control,
        ShardMap map,
        SortedMap<Integer, Move> moves) {

    /** The version of a layout that no control group has agreed on yet. */
    public static final long UNFORMED = 0;

    private static final int MAX_REMOVED = 1_000;

    public Layout {
        nodes = List.copyOf(nodes);
        removed = List.copyOf(removed);
        control = List.copyOf(control);
        moves = Collections.unmodifiableSortedMap(new TreeMap<>(moves));
    }

    /**
     * A member.
     *
     * @param zone the nodes that fail together, such as those of a rack; empty if it is not known
     */
    public record Node(Member member, String zone, Standing standing) {

        public NodeId id() {
            return member.id();
        }
    }

    /** A member's part in the layout. */
    public enum Standing {
        /** Hosts its share. */
        STAYING,
        /** Is to be removed, by the word of an operator: nothing is placed there any more. */
        LEAVING,
        /** Has not answered for so long that its share is placed elsewhere, where there is room, until it is back. */
        GONE
    }

    /**
     * The move of a group.
     *
     * @param to the nodes that are to host it
     * @param dropped nodes that an earlier plan of the move named, which may have become voters by it
     * @param since the version of the layout by which this was decided
     */
    public record Move(List<NodeId> to, List<NodeId> dropped, long since) {

        public Move {
            to = List.copyOf(to);
            dropped = List.copyOf(dropped);
        }
    }

    /** A layout of the newest version in which nothing moves, each member stays, and hosts the control group. */
    public static Layout settled(long clusterId, List<Node> nodes, ShardMap map) {
        return settled(clusterId, ClusterVersion.NEWEST, nodes, map);
    }

    /** Likewise, of another version. */
    public static Layout settled(long clusterId, ClusterVersion version, List<Node> nodes, ShardMap map) {
        return new Layout(
                clusterId,
                version,
                nodes,
                List.of(),
                nodes.stream().map(Node::id).sorted().toList(),
                map,
                new TreeMap<>());
    }

    /** The members of a cluster of which no zones are known. */
    public static List<Node> nodes(Collection<Member> members) {
        return members.stream()
                .map(member -> new Node(member, "", Standing.STAYING))
                .toList();
    }

    /** Where the members are reached. */
    public List<Member> members() {
        return nodes.stream().map(Node::member).toList();
    }

    /** The members of a standing. */
    public List<NodeId> standing(Standing standing) {
        return nodes.stream()
                .filter(node -> node.standing() == standing)
                .map(Node::id)
                .toList();
    }

    /** The members that an operator wants removed. */
    public List<NodeId> leaving() {
        return standing(Standing.LEAVING);
    }

    public long version() {
        return map.version();
    }

    /** Tells whether a control group has agreed on it. */
    public boolean isFormed() {
        return version() > UNFORMED;
    }

    /** The member with this id, or null if there is none. */
    public @Nullable Node node(NodeId id) {
        for (Node node : nodes) {
            if (node.id().equals(id)) {
                return node;
            }
        }
        return null;
    }

    /** The address of the member with this id, or null if there is none. */
    public @Nullable Member member(NodeId id) {
        Node node = node(id);
        return node == null ? null : node.member();
    }

    /** All groups by number, the control group first. */
    public IntStream groups() {
        return IntStream.range(ShardMap.CONTROL_GROUP, map.shards());
    }

    /** The nodes that host a group, before a move of it has come about. */
    public List<NodeId> hostsOf(int group) {
        return group == ShardMap.CONTROL_GROUP ? control : map.replicasOf(group);
    }

    /** The nodes that are to host a group: those that do, if it is not being moved. */
    public List<NodeId> targetOf(int group) {
        Move move = moves.get(group);
        return move == null ? hostsOf(group) : move.to();
    }

    /** Tells whether a node hosts a group, is to host it, or may be a voter of it by an earlier plan. */
    public boolean places(int group, NodeId node) {
        return hostsOf(group).contains(node)
                || targetOf(group).contains(node)
                || droppedOf(group).contains(node);
    }

    private List<NodeId> droppedOf(int group) {
        Move move = moves.get(group);
        return move == null ? List.of() : move.dropped();
    }

    /** The same layout, with other addresses of some of its members. */
    public Layout at(List<Member> addresses) {
        List<Node> next = nodes.stream()
                .map(node -> addresses.stream()
                        .filter(address -> address.id().equals(node.id()))
                        .findFirst()
                        .map(address -> new Node(address, node.zone(), node.standing()))
                        .orElse(node))
                .toList();
        return new Layout(clusterId, clusterVersion, next, removed, control, map, moves);
    }

    // The layouts that come after this one

    /** The next layout, with a member that stays; one that was there already may have another address or zone. */
    public Layout adding(Member member, String zone) {
        List<Node> next = new ArrayList<>(
                nodes.stream().filter(node -> !node.id().equals(member.id())).toList());
        next.add(new Node(member, zone, Standing.STAYING));
        return next(next);
    }

    /** The next layout, in which a member has another standing. */
    public Layout with(NodeId member, Standing standing) {
        return next(nodes.stream()
                .map(node -> node.id().equals(member) ? new Node(node.member(), node.zone(), standing) : node)
                .toList());
    }

    /** The next layout, without a member that hosts nothing. */
    public Layout without(NodeId member) {
        List<NodeId> gone = Stream.concat(removed.stream().filter(node -> !node.equals(member)), Stream.of(member))
                .toList();
        List<NodeId> newest = gone.subList(Math.max(0, gone.size() - MAX_REMOVED), gone.size());
        List<Node> next =
                nodes.stream().filter(node -> !node.id().equals(member)).toList();
        return new Layout(clusterId, clusterVersion, next, newest, control, next(map.replicas(), version()), moves);
    }

    private Layout next(List<Node> next) {
        return new Layout(clusterId, clusterVersion, next, removed, control, next(map.replicas(), version()), moves);
    }

    /**
     * The next layout, in which groups are to be hosted by other nodes than before. One that is being moved elsewhere may have voters by
     * the earlier plan, and is a move until it has none, also if it is to stay where it was.
     */
    public Layout moving(Map<Integer, List<NodeId>> targets) {
        TreeMap<Integer, Move> next = new TreeMap<>(moves);
        targets.forEach((group, to) -> {
            Move before = moves.get(group);
            if (before != null || !hostsOf(group).equals(to)) {
                List<NodeId> dropped = before == null
                        ? List.of()
                        : Stream.concat(before.dropped().stream(), before.to().stream())
                                .distinct()
                                .filter(node -> !to.contains(node))
                                .toList();
                next.put(group, new Move(to, dropped, version() + 1));
            }
        });
        return new Layout(clusterId, clusterVersion, nodes, removed, control, next(map.replicas(), version()), next);
    }

    /** The next layout, in which the move of a group has come about. */
    public Layout moved(int group) {
        List<NodeId> hosts = targetOf(group);
        TreeMap<Integer, Move> next = new TreeMap<>(moves);
        next.remove(group);
        if (group == ShardMap.CONTROL_GROUP) {
            return new Layout(clusterId, clusterVersion, nodes, removed, hosts, next(map.replicas(), version()), next);
        }
        List<List<NodeId>> replicas = new ArrayList<>(map.replicas());
        replicas.set(group, hosts);
        return new Layout(clusterId, clusterVersion, nodes, removed, control, next(replicas, version()), next);
    }

    /** The next layout, of a cluster whose nodes write another version. */
    public Layout raised(ClusterVersion to) {
        return new Layout(clusterId, to, nodes, removed, control, next(map.replicas(), version()), moves);
    }

    /** The first layout that a control group agrees on. */
    public Layout formed() {
        return next(nodes);
    }

    private static ShardMap next(List<List<NodeId>> replicas, long version) {
        return new ShardMap(version + 1, replicas);
    }

    /** The nodes that host a group, are to host one, or may be voters of one by an earlier plan. */
    public Stream<NodeId> hosts() {
        return groups().boxed()
                .flatMap(group -> Stream.of(hostsOf(group), targetOf(group), droppedOf(group)))
                .flatMap(List::stream)
                .distinct();
    }
}
