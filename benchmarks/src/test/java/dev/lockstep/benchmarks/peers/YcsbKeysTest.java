package dev.lockstep.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class YcsbKeysTest {

    private static final int DRAWS = 400_000;

    private final RandomGenerator random = new SplittableRandom(42);

    @Test
    void theHashIsFnv1OfEightBytes() {
        // All bytes zero: the offset basis times the prime eight times over; for 1, its lowest byte is mixed in first.
        long zero = 0xCBF29CE484222325L;
        long one = (zero ^ 1) * 1_099_511_628_211L;
        for (int i = 0; i < Long.BYTES; i++) {
            zero *= 1_099_511_628_211L;
            one *= i < Long.BYTES - 1 ? 1_099_511_628_211L : 1;
        }
        assertThat(YcsbKeys.hash(0)).isEqualTo(Math.abs(zero));
        assertThat(YcsbKeys.hash(1)).isEqualTo(Math.abs(one));
        assertThat(YcsbKeys.name(0)).isEqualTo("user" + Math.abs(zero));
    }

    @Test
    void ranksFollowZipfsLaw() {
        int items = 1_000;
        Zipfian zipfian = new Zipfian(items);
        int[] drawn = new int[items];
        for (int i = 0; i < DRAWS; i++) {
            drawn[(int) zipfian.next(random)]++;
        }
        double zeta = 0;
        for (int rank = 1; rank <= items; rank++) {
            zeta += Math.pow(rank, -0.99);
        }
        // The algorithm is exact for the two most popular, and an approximation behind them.
        assertThat((double) drawn[0] / DRAWS).isCloseTo(1 / zeta, within(0.003));
        assertThat((double) drawn[1] / DRAWS).isCloseTo(Math.pow(2, -0.99) / zeta, within(0.003));
        double upTo100 = 0;
        for (int rank = 1; rank <= 100; rank++) {
            upTo100 += Math.pow(rank, -0.99) / zeta;
        }
        int drawnUpTo100 = 0;
        for (int rank = 0; rank < 100; rank++) {
            drawnUpTo100 += drawn[rank];
        }
        assertThat((double) drawnUpTo100 / DRAWS).isCloseTo(upTo100, within(0.02));
    }

    @Test
    void aDistributionThatHasGrownIsThatOfTheLargerNumber() {
        Zipfian grown = new Zipfian(10);

        grown.growTo(1_000);

        assertThat(grown.first()).isCloseTo(new Zipfian(1_000).first(), within(1e-12));
    }

    @Test
    void theMostPopularRecordHasTheShareThatYcsbGivesIt() {
        int records = 10_000;
        YcsbKeys keys = new YcsbKeys(records);
        int first = 0;
        for (int i = 0; i < DRAWS; i++) {
            long record = keys.zipfian(records, random);
            assertThat(record).isBetween(0L, records - 1L);
            first += record == YcsbKeys.hash(0) % records ? 1 : 0;
        }
        assertThat((double) first / DRAWS).isCloseTo(1 / 26.469, within(0.003));
    }

    @Test
    void theLatestRecordIsTheMostPopularAlsoAfterInserts() {
        YcsbKeys keys = new YcsbKeys(1_000);
        int[] drawn = new int[2_000];
        for (int i = 0; i < DRAWS; i++) {
            drawn[(int) keys.latest(2_000, random)]++;
        }
        assertThat((double) drawn[1_999] / DRAWS).isCloseTo(new Zipfian(2_000).first(), within(0.003));
        assertThat(drawn[1_999]).isGreaterThan(drawn[1_998]);
        assertThat(drawn[1_998]).isGreaterThan(drawn[1_000]);
    }
}
