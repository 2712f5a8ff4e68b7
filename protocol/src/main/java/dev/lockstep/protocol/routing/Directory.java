package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.Request;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What this JVM believes of the cluster: the view last told, and who was last seen to lead what. Beliefs only steer where a
 * request is tried first. Thread-safe.
 */
final class Directory {

    /** The control group's number. */
    static final int CONTROL = -1;

    private final @Nullable NodeId local;
    private final int preference;
    private final Map<Integer, NodeId> leaders = new ConcurrentHashMap<>();
    private final Set<NodeId> silent = ConcurrentHashMap.newKeySet();
    private volatile ClusterView view;
    private volatile Map<NodeId, Member> members;

    /**
     * @param local the node in this JVM, if there is one
     * @param preference any number; clients with different ones spread their session reads over the replicas
     */
    Directory(ClusterView view, @Nullable NodeId local, int preference) {
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

    void leads(int group, NodeId leader) {
        leaders.put(group, leader);
    }

    void leadsNot(int group, NodeId node) {
        leaders.remove(group, node);
    }

    /** The node did not answer; answers whether that is news. It is tried last until it is {@link #heard}. */
    boolean silent(NodeId node) {
        return silent.add(node);
    }

    void heard(NodeId node) {
        silent.remove(node);
    }

    /**
     * The members to try for a request, the best first.
     *
     * @param fallBack whether a session read shall go to the leader after all
     */
    List<Member> candidates(Request request, boolean fallBack) {
        if (!(request instanceof Request.ToShard toShard)) {
            return ordered(
                    leaders.get(CONTROL),
                    view.members().stream().map(Member::id).toList(),
                    0);
        }
        List<NodeId> replicas = view.map().replicasOf(toShard.shard());
        if (!fallBack && anyReplica(toShard)) {
            NodeId first = local != null && replicas.contains(local) ? local : null;
            return ordered(first, replicas, preference);
        }
        return ordered(leaders.get(toShard.shard()), replicas, 0);
    }

    private static boolean anyReplica(Request.ToShard request) {
        return request instanceof Request.Subscribe
                || (request instanceof Request.Read read && read.consistency() == Consistency.SESSION);
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
