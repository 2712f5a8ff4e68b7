package dev.lockstep.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InsertsTest {

    @Test
    void aRecordIsReadableOnceAllBeforeItHaveBeenInserted() {
        Inserts inserts = new Inserts(10);
        int first = inserts.next();
        int second = inserts.next();
        assertThat(first).isEqualTo(10);

        inserts.inserted(second);
        assertThat(inserts.readable()).isEqualTo(10);

        inserts.inserted(first);
        assertThat(inserts.readable()).isEqualTo(12);
        assertThat(inserts.end()).isEqualTo(12);
    }

    @Test
    void thereIsNoRecordBeyondTheBound() {
        Inserts inserts = new Inserts(10);
        for (int i = 0; i < Inserts.BOUND; i++) {
            assertThat(inserts.next()).isPositive();
        }
        assertThat(inserts.next()).isNegative();
        assertThat(inserts.end()).isEqualTo(10 + Inserts.BOUND);
    }
}
