package dev.lockstep.system.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.history.Call;
import dev.lockstep.cluster.history.Operation;
import dev.lockstep.cluster.history.Outcome;
import dev.lockstep.protocol.wire.Consistency;
import java.util.List;
import org.junit.jupiter.api.Test;

class OverdueTest {

    private static Call put(long invoked, long responded, Outcome outcome) {
        return new Call("a", "k", Consistency.STRONG, new Operation.Put("v"), invoked, responded, outcome);
    }

    private static Call get(long invoked, String value) {
        return new Call("b", "k", Consistency.SESSION, new Operation.Get(), invoked, invoked + 50, Outcome.of(value));
    }

    @Test
    void aValueThatIsReadAfterItsLifetimeIsOverdue() {
        Call late = get(131, "v");
        List<Call> calls = List.of(put(10, 30, Outcome.DONE), get(130, "v"), late, get(500, null));
        assertThat(Overdue.of(calls, 100)).containsExactly(late);
    }

    @Test
    void aWriteOfUnknownTimeIsNotOverdue() {
        assertThat(Overdue.of(List.of(put(10, 30, Outcome.UNKNOWN), get(500, "v")), 100))
                .isEmpty();
    }
}
