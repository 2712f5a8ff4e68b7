package dev.lockstep.system.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class LedgerTest {

    private final Ledger ledger = new Ledger();

    @Test
    void theLastAcknowledgedOrALaterThatWasSentIsRight() {
        ledger.acknowledged("k", ledger.send("k"));
        ledger.acknowledged("k", ledger.send("k"));
        assertThat(ledger.wrong(Map.of("k", 2L))).isEmpty();
        ledger.send("k");
        ledger.send("k");
        assertThat(ledger.wrong(Map.of("k", 2L))).isEmpty();
        assertThat(ledger.wrong(Map.of("k", 4L))).isEmpty();
    }

    @Test
    void anUnacknowledgedWriteMayBeMissing() {
        ledger.send("k");
        assertThat(ledger.wrong(Map.of())).isEmpty();
    }

    @Test
    void anEarlierValueOrNoneIsALossThatIsToldOnce() {
        ledger.acknowledged("k", ledger.send("k"));
        ledger.acknowledged("k", ledger.send("k"));
        assertThat(ledger.wrong(Map.of("k", 1L))).hasSize(1);
        assertThat(ledger.wrong(Map.of("k", 1L))).isEmpty();
        ledger.acknowledged("other", ledger.send("other"));
        assertThat(ledger.wrong(Map.of())).hasSize(1);
    }

    @Test
    void aValueThatWasNeverSentIsWrongToo() {
        ledger.acknowledged("k", ledger.send("k"));
        assertThat(ledger.wrong(Map.of("k", 2L))).hasSize(1);
    }
}
