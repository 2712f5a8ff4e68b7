package dev.lockstep.cluster.simulation;

import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An operator who adds nodes, removes others and moves replicas, one after the other, until told to stop. Starts a node once the cluster
 * has it as a member, and ends it once it has not. What he asks for is left to {@link Wishes}.
 */
final class ResizingOperator {

    /** As many as there are replicas of a shard. */
    private static final int LEAST_MEMBERS = 3;

    private static final long LONGEST_REST_MICROS = 2_000_000;

    private final World world;
    private final List<SimulatedNode> nodes;
    private final Wishes wishes;
    private final long longestRestMicros;
    private @Nullable Layout newest;
    private boolean stopped;

    /** Chooses the changes. */
    interface Wishes {

        /** Returns the next change to be asked for; null if there is none for now. */
        @Nullable
        Request next(Layout now);
    }

    /** One who asks for anything. @param nodes all that may be members; the first always is */
    ResizingOperator(World world, List<SimulatedNode> nodes) {
        this.world = world;
        this.nodes = nodes;
        this.wishes = this::change;
        this.longestRestMicros = LONGEST_REST_MICROS;
    }

    /** One who asks for what is wished, soon after the one before. */
    ResizingOperator(World world, List<SimulatedNode> nodes, Wishes wishes) {
        this.world = world;
        this.nodes = nodes;
        this.wishes = wishes;
        this.longestRestMicros = LONGEST_REST_MICROS / 10;
    }

    /** Begins once there is a session. */
    void begin(CompletableFuture<Session> opened) {
        opened.thenAccept(open -> {
            look(open);
            later(open);
        });
    }

    /** Follows the cluster as long as it runs: a change whose outcome is unknown may come about late. */
    private void look(Session open) {
        open.currentView().whenComplete((view, failure) -> {
            if (failure == null) {
                follow(view.layout());
            }
            world.after(world.micros(50_000, 400_000), () -> look(open));
        });
    }

    private void follow(Layout layout) {
        newest = layout;
        for (SimulatedNode node : nodes) {
            if (node.isMember() != isNamed(node, layout)) {
                world.trace(() -> node.process() + (node.isMember() ? " leaves" : " joins") + " by " + layout);
                if (node.isMember()) {
                    node.leave();
                } else {
                    node.join(layout);
                }
            }
        }
    }

    private static boolean isNamed(SimulatedNode node, Layout layout) {
        return layout.member(node.member().id()) != null;
    }

    private void later(Session open) {
        world.after(world.micros(longestRestMicros / 20, longestRestMicros), () -> {
            Request change = stopped || newest == null ? null : wishes.next(newest);
            if (change == null) {
                later(open);
            } else {
                world.trace(() -> "the operator asks for " + change);
                open.changeLayout(change).whenComplete((done, failure) -> later(open));
            }
        });
    }

    private @Nullable Request change(Layout now) {
        List<NodeId> staying = now.nodes().stream()
                .filter(node -> node.standing() != Standing.LEAVING)
                .map(Layout.Node::id)
                .toList();
        return switch (world.random().nextInt(3)) {
            case 0 -> add(staying);
            case 1 -> remove(staying);
            default -> move(now, staying);
        };
    }

    /** Adds one that is no member, or keeps one that is leaving. */
    private @Nullable Request add(List<NodeId> staying) {
        List<Member> others = nodes.stream()
                .map(SimulatedNode::member)
                .filter(member -> !staying.contains(member.id()))
                .toList();
        return others.isEmpty() ? null : new Request.AddNode(any(others), null);
    }

    private @Nullable Request remove(List<NodeId> staying) {
        List<NodeId> removable = staying.stream()
                .filter(node -> !node.equals(nodes.get(0).member().id()))
                .toList();
        return staying.size() <= LEAST_MEMBERS ? null : new Request.RemoveNode(any(removable));
    }

    private @Nullable Request move(Layout now, List<NodeId> staying) {
        int shard = world.random().nextInt(now.map().shards());
        List<NodeId> hosts = now.targetOf(shard);
        List<NodeId> others =
                staying.stream().filter(node -> !hosts.contains(node)).toList();
        return others.isEmpty() ? null : new Request.MoveReplica(shard, any(hosts), any(others));
    }

    private <T> T any(List<T> some) {
        return some.get(world.random().nextInt(some.size()));
    }

    /** Asks for nothing new. */
    void stop() {
        stopped = true;
    }

    /** Tells whether the cluster is as it was asked to be, as far as the operator knows, and each member runs. */
    boolean isSettled() {
        Layout layout = newest;
        return layout != null
                && layout.moves().isEmpty()
                && layout.standing(Standing.STAYING).size() == layout.nodes().size()
                && nodes.stream()
                        .allMatch(node -> node.isMember() == isNamed(node, layout)
                                && node.process().isAlive() == node.isMember());
    }

    /** The number of members, as far as the operator knows. */
    int members() {
        return newest == null ? LEAST_MEMBERS : newest.members().size();
    }

    @Override
    public String toString() {
        return "operator with " + newest;
    }
}
