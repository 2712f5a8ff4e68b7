package dev.lockstep.cluster.control;

import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks other nodes what the control group has decided, for a node that has no replica of it. One question is kept open, which is answered
 * once there is news. A node is not asked again before it has answered, so one that is silent holds up nobody. Thread-safe.
 */
final class ControlCopies {

    /** The time for which a question may be open if there is no news: a node that works answers sooner. */
    private static final long PATIENCE_NANOS = ControlGroup.HOLD_NANOS + TimeUnit.MILLISECONDS.toNanos(500);

    private final TermConfirmations peers;
    private final Time time;
    private final Consumer<Reply.ControlCopy> taken;
    /** The nodes that are being asked, and since when. */
    private final Map<NodeId, Long> asked = new ConcurrentHashMap<>();

    private final AtomicInteger turn = new AtomicInteger();
    private volatile @Nullable NodeId leader;

    /** @param taken takes each answer, which may be older than others; on any thread */
    ControlCopies(TermConfirmations peers, Time time, Consumer<Reply.ControlCopy> taken) {
        this.peers = peers;
        this.time = time;
        this.taken = taken;
    }

    /** Returns the leader of the control group by the last answer; null if that did not know it, or there was none. */
    @Nullable
    NodeId leader() {
        return leader;
    }

    /** Asks one of some nodes, each in its turn, unless one is being asked that may answer yet. */
    void keepAsking(List<NodeId> nodes, long since) {
        long now = time.nanos();
        if (!nodes.isEmpty() && asked.values().stream().allMatch(from -> now - from > PATIENCE_NANOS)) {
            ask(nodes.get(Math.floorMod(turn.getAndIncrement(), nodes.size())), since);
        }
    }

    /** Asks all of them: one may be behind. */
    void askAll(List<NodeId> nodes, long since) {
        nodes.forEach(node -> ask(node, since));
    }

    private void ask(NodeId node, long since) {
        if (asked.putIfAbsent(node, time.nanos()) == null) {
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
