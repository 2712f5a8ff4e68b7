package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Three nodes whose answers are scripted. Node 1 leads all shards, until the script says otherwise. */
public final class FakeNetwork implements Links {

    public static final NodeId N1 = new NodeId("n1");
    public static final NodeId N2 = new NodeId("n2");
    public static final NodeId N3 = new NodeId("n3");
    private static final NodeId NOWHERE = new NodeId("nowhere");

    private final List<Member> members;
    private final int shards;
    private int version = 1;
    private NodeId leader = N1;
    private final Map<NodeId, Node> nodes = new HashMap<>();
    private final Set<NodeId> silent = new HashSet<>();
    private final Set<NodeId> refusing = new HashSet<>();
    private final List<Sent> sent = new ArrayList<>();
    private int described;
    private boolean closed;

    /** The reaction of a node to a request; it may answer now, later, or never. */
    @FunctionalInterface
    public interface Node {
        void serve(Request request, Link.ReplyHandler handler);
    }

    /** A request that arrived at a node. */
    public record Sent(NodeId to, Request request, Link.ReplyHandler handler) {}

    public FakeNetwork(int shards) {
        this.shards = shards;
        this.members = new ArrayList<>(List.of(new Member(N1, "h", 1), new Member(N2, "h", 2), new Member(N3, "h", 3)));
        members.forEach(member -> nodes.put(member.id(), FakeNetwork::movedToNode1));
        refuse(NOWHERE);
    }

    private static void movedToNode1(Request request, Link.ReplyHandler handler) {
        handler.reply(new Reply.Refused(Status.MOVED, "elsewhere", 0, N1));
    }

    /** Adds a node that hosts all shards, as the nodes say from now on. */
    void join(NodeId node) {
        members.add(new Member(node, "h", members.size() + 1));
        version++;
    }

    /** Has the nodes say that another one leads all shards. */
    void elect(NodeId node) {
        leader = node;
    }

    /** Has a node at another address from now on, where it says so itself; nothing answers at the old one. */
    Member moveTo(NodeId node, int port) {
        Member moved = new Member(node, "h", port);
        members.replaceAll(member -> member.id().equals(node) ? moved : member);
        version++;
        return moved;
    }

    public ClusterView view() {
        Map<Integer, NodeId> leaders = new HashMap<>();
        IntStream.range(-1, shards).forEach(group -> leaders.put(group, leader));
        List<NodeId> ids = members.stream().map(Member::id).toList();
        return new ClusterView("demo", members, new ShardMap(version, Collections.nCopies(shards, ids)), leaders);
    }

    public void at(NodeId node, Node behaviour) {
        nodes.put(node, behaviour);
        silent.remove(node);
        refusing.remove(node);
    }

    /** Silences a node until it is given a behaviour. */
    public void silence(NodeId node) {
        at(node, (request, handler) -> {});
        silent.add(node);
    }

    /** Refuses connections to a node until it is given a behaviour. */
    void refuse(NodeId node) {
        at(node, (request, handler) -> handler.failed(false, new IOException("refused")));
        refusing.add(node);
    }

    /** Everything that was sent but questions about the cluster, which are answered here, if the node answers anything. */
    public List<Sent> sent() {
        return List.copyOf(sent);
    }

    /** Counts the questions about the cluster, which serve as those for a sign of life too. */
    public int described() {
        return described;
    }

    List<NodeId> asked() {
        return sent.stream().map(Sent::to).toList();
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public Link to(Member member) {
        return members.stream()
                .filter(one -> one.port() == member.port())
                .findFirst()
                .map(one -> new FakeLink(one.id()))
                .orElseGet(() -> new FakeLink(NOWHERE));
    }

    @Override
    public void close() {
        closed = true;
        List<Sent> lost = List.copyOf(sent);
        lost.forEach(one -> one.handler().failed(true, new IOException("closed")));
    }

    private final class FakeLink implements Link {

        private final NodeId node;

        FakeLink(NodeId node) {
            this.node = node;
        }

        @Override
        public long send(Request request, ReplyHandler handler) {
            described += request instanceof Request.DescribeCluster ? 1 : 0;
            if (request instanceof Request.DescribeCluster && refusing.contains(node)) {
                handler.failed(false, new IOException("refused"));
                return 0;
            }
            if (request instanceof Request.DescribeCluster) {
                if (silent.contains(node)) {
                    return 0;
                }
                handler.reply(new Reply.Cluster(view()));
                return 0;
            }
            sent.add(new Sent(node, request, handler));
            nodes.get(node).serve(request, handler);
            return sent.size();
        }

        @Override
        public boolean isOpen() {
            return !closed;
        }

        @Override
        public void close() {}
    }
}
