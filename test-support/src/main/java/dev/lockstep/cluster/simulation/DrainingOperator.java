package dev.lockstep.cluster.simulation;

import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.DrainedNode;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An operator who drains one node after the other, each for a while, until told to leave one of them drained. */
final class DrainingOperator {

    private final World world;
    private final List<NodeId> nodes;
    private final CompletableFuture<Session> session = new CompletableFuture<>();
    /** Done when the last attempt does nothing more, whatever its outcome. */
    private CompletableFuture<DrainedNode> attempt = CompletableFuture.completedFuture(DrainedNode.NONE);

    private boolean leaves;

    DrainingOperator(World world, List<NodeId> nodes) {
        this.world = world;
        this.nodes = nodes;
    }

    /** Begins once there is a session. */
    void begin(CompletableFuture<Session> opened) {
        opened.thenAccept(session::complete);
        later(() -> drain(any()));
    }

    private NodeId any() {
        return nodes.get(world.random().nextInt(nodes.size()));
    }

    private void later(Runnable next) {
        world.after(world.micros(100_000, 2_000_000), () -> {
            if (!leaves) {
                next.run();
            }
        });
    }

    /** Drains a node, or ends that, and goes on. The outcome of an attempt may be unknown, so the next one looks first. */
    private void drain(@Nullable NodeId node) {
        attempt = session.thenCompose(open -> open.drained()
                .thenCompose(before -> before.node() != null && node != null
                        ? CompletableFuture.completedFuture(before)
                        : change(open, node, before)));
        attempt.whenComplete((drained, failure) -> later(() -> drain(node == null ? any() : null)));
    }

    private CompletableFuture<DrainedNode> change(Session open, @Nullable NodeId node, DrainedNode before) {
        world.trace(
                () -> "the operator changes " + before + ": " + (node == null ? "none" : node) + " is to be drained");
        return open.drain(new Request.DrainNode(node, before.revision()));
    }

    /**
     * Does nothing any more but leave one node drained. Waits for an attempt that began before, which would go on from what it has seen
     * and undo this one.
     */
    CompletableFuture<NodeId> leaveOneDrained() {
        leaves = true;
        CompletableFuture<NodeId> drained = new CompletableFuture<>();
        attempt.whenComplete((before, failure) -> leaveOneDrained(drained));
        return drained;
    }

    /**
     * Drains a node anew even if one is drained: a change whose outcome is unknown may still be on its way, and none that was asked for
     * at an earlier revision is made after this one. It may be made before, and have this one refused: then it looks again.
     */
    private void leaveOneDrained(CompletableFuture<NodeId> drained) {
        session.thenCompose(open -> open.drained()
                        .thenCompose(before -> before.node() == null
                                ? CompletableFuture.completedFuture(before)
                                : change(open, null, before))
                        .thenCompose(none -> change(open, any(), none)))
                .whenComplete((left, failure) -> {
                    if (failure == null) {
                        drained.complete(Objects.requireNonNull(left.node()));
                    } else {
                        world.after(world.micros(20_000, 60_000), () -> leaveOneDrained(drained));
                    }
                });
    }
}
