package dev.lockstep.cluster.node;

import dev.lockstep.protocol.topology.Layout;
import java.util.HashMap;
import java.util.Map;

/** How long this node has known of the moves that are under way. Thread-safe. */
final class MoveAges {

    private Map<Integer, Known> moves = Map.of();

    /** @param since version of the layout that decided it */
    private record Known(long since, long nanos) {}

    /** Takes the moves of the newest layout, by their groups. */
    synchronized void learn(Map<Integer, Layout.Move> now, long nanos) {
        Map<Integer, Known> known = new HashMap<>();
        now.forEach((group, move) -> {
            Known before = moves.get(group);
            known.put(
                    group, before != null && before.since() == move.since() ? before : new Known(move.since(), nanos));
        });
        moves = known;
    }

    /** Returns for how long it has known of the oldest; 0 if there is none. */
    synchronized long oldestNanos(long nanos) {
        return moves.values().stream()
                .mapToLong(move -> nanos - move.nanos())
                .max()
                .orElse(0);
    }
}
