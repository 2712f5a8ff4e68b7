package dev.lockstep.cluster.control;

import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.NodeId;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/**
 * Decides which members count as gone, because they have not answered for long, and which are back. One at a time, and none while
 * another does not answer either: that looks like a network that has failed, or a machine room, and to copy everything would make it
 * worse. Pure.
 */
final class GoneNodes {

    /** A member that has not answered for that long may be dead. */
    static final long SUSPECT_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** A member that has answered within that time is there: each is asked every second. */
    static final long BACK_NANOS = TimeUnit.SECONDS.toNanos(2);

    private GoneNodes() {}

    /**
     * Decides on the layout that comes next.
     *
     * @param silentNanos the time for which a member has not answered; 0 for the node itself
     * @param replaceAfterNanos the time after which one counts as gone
     * @param replicationFactor with which groups have to be placed on the others
     * @return the same if no member is gone or back
     */
    static Layout next(Layout now, ToLongFunction<NodeId> silentNanos, long replaceAfterNanos, int replicationFactor) {
        for (NodeId gone : now.standing(Standing.GONE)) {
            if (silentNanos.applyAsLong(gone) < BACK_NANOS) {
                return now.with(gone, Standing.STAYING);
            }
        }
        List<Layout.Node> suspects = now.nodes().stream()
                .filter(node -> node.standing() != Standing.GONE)
                .filter(node -> silentNanos.applyAsLong(node.id()) >= Math.min(SUSPECT_NANOS, replaceAfterNanos))
                .toList();
        if (suspects.size() != 1 || suspects.get(0).standing() != Standing.STAYING) {
            return now;
        }
        NodeId suspect = suspects.get(0).id();
        Layout without = now.with(suspect, Standing.GONE);
        boolean hasRoom = LayoutChanges.placeable(without, replicationFactor).stream()
                .noneMatch(node -> node.standing() == Standing.GONE);
        return silentNanos.applyAsLong(suspect) >= replaceAfterNanos && hasRoom ? without : now;
    }
}
