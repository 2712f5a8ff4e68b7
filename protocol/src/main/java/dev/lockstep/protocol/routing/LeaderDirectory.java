package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The beliefs of this JVM about the cluster: the view last received, and which member leads which shard, is silent, or
 * is behind, as last seen. They only steer where a request is tried first. Thread-safe; the lock is held to change
 * which members are silent.
 */
final class LeaderDirectory {

    /** For so long a replica that was behind, or out of touch with its leader, is asked last. */
    private static final long BEHIND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final @Nullable NodeId local;
    private final int preference;
    private final Time time;
    private final Map<Integer, NodeId> leaders = new ConcurrentHashMap<>();
    private final Set<NodeId> silent = ConcurrentHashMap.newKeySet();
    private final Map<Replica, Deadline> behind = new ConcurrentHashMap<>();
    /** By node that does not answer here: another one that reaches it. */
    private final Map<NodeId, NodeId> detours = new ConcurrentHashMap<>();
    /** Since when all members are silent; null while any is not. */
    private volatile @Nullable Deadline unreachable;

    private volatile ClusterView view;
    private volatile Map<NodeId, Member> members;

    private record Replica(int group, NodeId node) {}

    /**
     * @param local the node in this JVM, if there is one
     * @param preference any number; clients with different ones spread their session reads over the replicas
     */
    LeaderDirectory(ClusterView view, @Nullable NodeId local, int preference, Time time) {
        this.time = time;
        this.local = local;
        this.preference = preference;
        this.view = view;
        this.members = byId(view);
        leaders.putAll(view.leaders());
    }

    ClusterView view() {
        return view;
    }

    void learn(ClusterView told) {
        if (told.map().version() >= view.map().version()) {
            view = told;
            members = byId(told);
            leaders.putAll(told.leaders());
        }
    }

    private static Map<NodeId, Member> byId(ClusterView view) {
        return view.members().stream().collect(Collectors.toUnmodifiableMap(Member::id, member -> member));
    }

    /** The node as the view last received has it; null if it does not. */
    @Nullable
    Member member(NodeId node) {
        return members.get(node);
    }

    void leads(int group, NodeId leader) {
        leaders.put(group, leader);
    }

    void leadsNot(int group, NodeId node) {
        leaders.remove(group, node);
    }

    /** The member believed to lead; null when none is. */
    @Nullable
    NodeId ledBy(int group) {
        return leaders.get(group);
    }

    /** The node did not answer; answers whether that is news. It is tried last until it is {@link #heard}. */
    synchronized boolean silent(NodeId node) {
        boolean news = silent.add(node);
        if (news && areAllSilent()) {
            unreachable = Deadline.after(time, Duration.ZERO);
        }
        return news;
    }

    boolean isSilent(NodeId node) {
        return silent.contains(node);
    }

    boolean areAllSilent() {
        return silent.containsAll(members.keySet());
    }

    void heard(NodeId node) {
        if (!silent.isEmpty()) {
            heardAgain(node);
        }
    }

    private synchronized void heardAgain(NodeId node) {
        if (silent.remove(node)) {
            unreachable = null;
            detours.remove(node);
        }
    }

    /** The members that are not silent; all, if all are. */
    List<Member> talking() {
        List<Member> talking =
                view.members().stream().filter(member -> !isSilent(member.id())).toList();
        return talking.isEmpty() ? view.members() : talking;
    }

    /** The time for which no member has given a sign of life, though all were asked for one; zero if any has. */
    Duration unreachableFor() {
        Deadline since = unreachable;
        return since == null ? Duration.ZERO : Duration.ofNanos(Math.max(1, -since.remainingNanos(time)));
    }

    /** The replica has refused to answer a session. For a while others are asked first. */
    void behind(int group, NodeId node) {
        behind.put(new Replica(group, node), new Deadline(time.nanos() + BEHIND_NANOS));
    }

    private boolean isBehind(int group, NodeId node) {
        if (behind.isEmpty()) {
            return false;
        }
        Replica replica = new Replica(group, node);
        Deadline until = behind.get(replica);
        if (until != null && until.isPast(time)) {
            behind.remove(replica, until);
            return false;
        }
        return until != null;
    }

    /** A silent node has answered through another one. */
    void reached(NodeId node, NodeId through) {
        detours.put(node, through);
    }

    void reachedNot(NodeId node, NodeId through) {
        detours.remove(node, through);
    }

    /** The member that passed something on last to a silent node; null if none is known that answers. */
    @Nullable
    Member detour(NodeId node) {
        NodeId through = isSilent(node) ? detours.get(node) : null;
        return through == null || isSilent(through) ? null : members.get(through);
    }

    /** A member that may reach a silent node: the one that did last, or any that answers here; null if there is none. */
    @Nullable
    Member wayRound(NodeId node) {
        Member known = detour(node);
        return known != null
                ? known
                : view.members().stream()
                        .filter(member -> !isSilent(member.id()) && !isLocal(member.id()))
                        .findFirst()
                        .orElse(null);
    }

    boolean isLocal(NodeId node) {
        return node.equals(local);
    }

    /**
     * The members to try for a request, the best first.
     *
     * @param fallBack whether a session read shall go to the leader after all
     */
    List<Member> candidates(Request request, boolean fallBack) {
        if (!(request instanceof Request.ToShard toShard)) {
            return ordered(leaders.get(ShardMap.CONTROL_GROUP), hostsOfControlFirst(view), 0);
        }
        List<NodeId> replicas = view.map().replicasOf(toShard.shard());
        if (!fallBack && request.route() == Request.Route.ANY_REPLICA) {
            NodeId first = local != null && replicas.contains(local) ? local : null;
            List<Member> ordered = ordered(first, replicas, preference);
            ordered.sort(Comparator.comparing(
                    member -> isSilent(member.id()) ? 2 : isBehind(toShard.shard(), member.id()) ? 1 : 0));
            return ordered;
        }
        return ordered(leaders.get(toShard.shard()), replicas, 0);
    }

    /** Others know who leads the control group, and may have been asked to host it since. */
    private static List<NodeId> hostsOfControlFirst(ClusterView view) {
        return Stream.concat(
                        view.hostsOf(ShardMap.CONTROL_GROUP).stream(),
                        view.members().stream().map(Member::id))
                .distinct()
                .toList();
    }

    /** The member that is believed to lead a shard; any of its replicas when none is. */
    Member leader(int shard) {
        return ordered(leaders.get(shard), view.map().replicasOf(shard), 0).get(0);
    }

    private List<Member> ordered(@Nullable NodeId first, List<NodeId> nodes, int rotation) {
        List<Member> ordered = new ArrayList<>(nodes.size() + 1);
        if (first != null && members.containsKey(first)) {
            ordered.add(members.get(first));
        }
        for (int i = 0; i < nodes.size(); i++) {
            NodeId node = nodes.get(Math.floorMod(i + rotation, nodes.size()));
            if (!node.equals(first) && members.containsKey(node)) {
                ordered.add(members.get(node));
            }
        }
        ordered.sort(Comparator.comparing(member -> silent.contains(member.id())));
        return ordered;
    }
}
