package dev.lockstep.protocol.link;

import dev.lockstep.protocol.concurrency.Interleavings;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Observed positions only rise: linearizable as a pair of maxima. */
@Tag("slow")
@Param(name = "position", gen = IntGen.class, conf = "1:4")
public class SessionPositionsConcurrencyTest {

    private final SessionPositions session = new SessionPositions(1);

    @Operation
    public void saw(@Param(name = "position") int position) {
        session.saw(0, position);
    }

    @Operation
    public long position() {
        return session.position(0);
    }

    @Operation
    public void judged(@Param(name = "position") int millis) {
        session.judged(0, millis);
    }

    @Operation
    public long judgedAt() {
        return session.judgedAtMillis(0);
    }

    @Test
    void interleavings() {
        Interleavings.enumerate(SessionPositionsConcurrencyTest.class);
    }
}
