package dev.lockstep.cluster.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The short form of the matrix of moves: each of its points, with one fault. */
class MoveMatrixIT {

    private static final long SEED = 1;

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void aFaultAtAnyStepOfAMoveBreaksNoPromise() throws Exception {
        MoveMatrix matrix = new MoveMatrix(SEED);
        assertThat(matrix.run(MoveMatrix.sample(), Runtime.getRuntime().availableProcessors()))
                .hasSizeGreaterThan(300)
                .filteredOn(fate -> !fate.failures().isEmpty())
                .isEmpty();
    }

    @Test
    void theSampleHasEachPointOnceAndEachFaultAsOftenAsTheOthers() {
        assertThat(MoveMatrix.sample())
                .hasSize(MoveMatrix.cells().size() / Interruption.Fault.values().length)
                .extracting(cell -> cell.change() + " " + cell.interruption().step() + " "
                        + cell.interruption().role() + " " + cell.interruption().when())
                .doesNotHaveDuplicates();
        int ofEachFault = MoveMatrix.sample().size() / Interruption.Fault.values().length;
        for (Interruption.Fault fault : Interruption.Fault.values()) {
            assertThat(MoveMatrix.sample())
                    .filteredOn(cell -> cell.interruption().fault() == fault)
                    .hasSizeBetween(ofEachFault, ofEachFault + 1);
        }
    }
}
