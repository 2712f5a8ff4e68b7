package dev.lockstep.cluster.control;

import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks other nodes what the control group has decided, for a node that has no replica of it. A node is not asked again before it has
 * answered, so one that is silent holds up nobody. Thread-safe.
 */
final class ControlCopies {

    private final TermConfirmations peers;
    private final Consumer<Reply.ControlCopy> taken;
    private final Set<NodeId> asked = ConcurrentHashMap.newKeySet();
    private final AtomicInteger turn = new AtomicInteger();
    private volatile @Nullable NodeId leader;

    /** @param taken takes each answer, which may be older than others; on any thread */
    ControlCopies(TermConfirmations peers, Consumer<Reply.ControlCopy> taken) {
        this.peers = peers;
        this.taken = taken;
    }

    /** Returns the leader of the control group by the last answer; null if that did not know it, or there was none. */
    @Nullable
    NodeId leader() {
        return leader;
    }

    /** Asks one of some nodes, each in its turn. */
    void askNext(List<NodeId> nodes, long since) {
        if (!nodes.isEmpty()) {
            ask(nodes.get(Math.floorMod(turn.getAndIncrement(), nodes.size())), since);
        }
    }

    /** Asks all of them: one may be behind. */
    void askAll(List<NodeId> nodes, long since) {
        nodes.forEach(node -> ask(node, since));
    }

    private void ask(NodeId node, long since) {
        if (asked.add(node)) {
            peers.ask(node, new Request.CopyControl(since), reply -> {
                asked.remove(node);
                if (reply instanceof Reply.ControlCopy copy) {
                    leader = copy.leader();
                    taken.accept(copy);
                }
            });
        }
    }
}
