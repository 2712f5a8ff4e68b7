package dev.lockstep.system.load;

import dev.lockstep.cluster.history.Call;
import dev.lockstep.cluster.history.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds values that were read after their lifetime was over; the checker of histories only knows when they may be gone. */
final class Overdue {

    private Overdue() {}

    /**
     * @param calls on one key whose values live from the call that wrote them, however often they are read
     * @param longest that a value may live, in the unit of the calls
     * @return the reads that were called later than that after the write of what they found was acknowledged
     */
    static List<Call> of(List<Call> calls, long longest) {
        Map<String, Long> ends = new HashMap<>();
        for (Call call : calls) {
            String written = call.operation().written();
            if (written != null && call.isAcknowledged()) {
                ends.put(written, call.responded() + longest);
            }
        }
        return calls.stream()
                .filter(call -> call.operation().isRead()
                        && call.outcome() instanceof Outcome.Value read
                        && call.invoked() > ends.getOrDefault(read.value(), Long.MAX_VALUE))
                .toList();
    }
}
