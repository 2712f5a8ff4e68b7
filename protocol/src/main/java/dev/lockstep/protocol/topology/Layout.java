package dev.lockstep.protocol.topology;

import java.util.ArrayList;
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
 * @param members each once
 * @param leaving members that an operator wants removed: nothing is placed there any more
 * @param control the nodes that host the control group
 * @param map the nodes that host the shards; its version is the layout's
 * @param moves by group, {@link ShardMap#CONTROL_GROUP} among them; until a move has come about, the group is hosted by nodes before
 *     and after it
 */
public record Layout(
        List<Member> members,
        List<NodeId> leaving,
        List<NodeId> control,
        ShardMap map,
        SortedMap<Integer, Move> moves) {

    /** The version of a layout that no control group has agreed on yet. */
    public static final long UNFORMED = 0;

    public Layout {
        members = List.copyOf(members);
        leaving = leaving.stream().distinct().sorted().toList();
        control = List.copyOf(control);
        moves = Collections.unmodifiableSortedMap(new TreeMap<>(moves));
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

    /** A layout in which nothing moves, and each member hosts the control group. */
    public static Layout settled(List<Member> members, ShardMap map) {
        return new Layout(
                members, List.of(), members.stream().map(Member::id).sorted().toList(), map, new TreeMap<>());
    }

    public long version() {
        return map.version();
    }

    /** Tells whether a control group has agreed on it. */
    public boolean isFormed() {
        return version() > UNFORMED;
    }

    /** The member with this id, or null if there is none. */
    public @Nullable Member member(NodeId id) {
        return members.stream()
                .filter(member -> member.id().equals(id))
                .findFirst()
                .orElse(null);
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
        return new Layout(
                members.stream()
                        .map(member -> addresses.stream()
                                .filter(other -> other.id().equals(member.id()))
                                .findFirst()
                                .orElse(member))
                        .toList(),
                leaving,
                control,
                map,
                moves);
    }

    // The layouts that come after this one

    /** The next layout, with a member; one that was leaving stays. */
    public Layout adding(Member member) {
        List<Member> next = new ArrayList<>(
                members.stream().filter(one -> !one.id().equals(member.id())).toList());
        next.add(member);
        return new Layout(next, leavingWithout(member.id()), control, next(map.replicas()), moves);
    }

    /** The next layout, in which a member is leaving. */
    public Layout leaving(NodeId node) {
        List<NodeId> next = Stream.concat(leaving.stream(), Stream.of(node)).toList();
        return new Layout(members, next, control, next(map.replicas()), moves);
    }

    /** The next layout, without a member that hosts nothing. */
    public Layout without(NodeId node) {
        return new Layout(
                members.stream().filter(member -> !member.id().equals(node)).toList(),
                leavingWithout(node),
                control,
                next(map.replicas()),
                moves);
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
        return new Layout(members, leaving, control, next(map.replicas()), next);
    }

    /** The next layout, in which the move of a group has come about. */
    public Layout moved(int group) {
        List<NodeId> hosts = targetOf(group);
        TreeMap<Integer, Move> next = new TreeMap<>(moves);
        next.remove(group);
        if (group == ShardMap.CONTROL_GROUP) {
            return new Layout(members, leaving, hosts, next(map.replicas()), next);
        }
        List<List<NodeId>> replicas = new ArrayList<>(map.replicas());
        replicas.set(group, hosts);
        return new Layout(members, leaving, control, next(replicas), next);
    }

    /** The first layout that a control group agrees on. */
    public Layout formed() {
        return new Layout(members, leaving, control, next(map.replicas()), moves);
    }

    private List<NodeId> leavingWithout(NodeId node) {
        return leaving.stream().filter(one -> !one.equals(node)).toList();
    }

    private ShardMap next(List<List<NodeId>> replicas) {
        return new ShardMap(version() + 1, replicas);
    }

    /** The nodes that host a group, are to host one, or may be voters of one by an earlier plan. */
    public Stream<NodeId> hosts() {
        return groups().boxed()
                .flatMap(group -> Stream.of(hostsOf(group), targetOf(group), droppedOf(group)))
                .flatMap(List::stream)
                .distinct();
    }
}
