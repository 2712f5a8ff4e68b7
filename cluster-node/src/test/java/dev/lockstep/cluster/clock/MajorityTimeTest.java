package dev.lockstep.cluster.clock;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class MajorityTimeTest {

    private static MajorityTime of(int members, long... clocks) {
        return MajorityTime.of(clocks, clocks, members, 0);
    }

    @Test
    void allClocksOfAnOddNumberGiveTheirMedian() {
        assertThat(of(1, 7)).isEqualTo(new MajorityTime(7, 7, 0));
        assertThat(of(3, 9, 5, 7)).isEqualTo(new MajorityTime(7, 7, 0));
        assertThat(of(5, 9, 1, 5, 7, 8)).isEqualTo(new MajorityTime(7, 7, 0));
    }

    @Test
    void aClockThatIsNotKnownMayBeOnEitherSide() {
        assertThat(of(3, 9, 5)).isEqualTo(new MajorityTime(5, 9, 0));
        assertThat(of(5, 9, 5, 7, 8)).isEqualTo(new MajorityTime(7, 8, 0));
        assertThat(of(4, 1, 5, 7, 9)).isEqualTo(new MajorityTime(5, 7, 0));
    }

    @Test
    void anInexactClockCountsByItsBounds() {
        assertThat(MajorityTime.of(new long[] {7, 3, 6}, new long[] {7, 9, 8}, 3, 0))
                .isEqualTo(new MajorityTime(6, 8, 0));
    }

    @Test
    void fewerThanAMajoritySayNothing() {
        assertThat(of(3, 9)).isNull();
        assertThat(of(2, 9)).isNull();
        assertThat(of(5, 9, 5)).isNull();
    }

    @Property
    void aMinorityThatIsWrongPutsTheMedianNowhereWhereTheOthersAreNot(
            @ForAll @Size(max = 3) List<Long> wrong, @ForAll @Size(4) List<@LongRange(min = -5, max = 5) Long> right) {
        List<Long> all = new ArrayList<>(right);
        all.addAll(wrong);
        MajorityTime time =
                of(all.size(), all.stream().mapToLong(Long::longValue).toArray());
        assertThat(time.reachedNanos()).isLessThanOrEqualTo(5);
        assertThat(time.notPassedNanos()).isGreaterThanOrEqualTo(-5);
        if (all.size() % 2 == 1) {
            assertThat(time.reachedNanos()).isEqualTo(time.notPassedNanos());
        }
    }

    @Property
    void oneWrongClockAndMissingOnesMoveNoTimeOutOfTheBounds(
            @ForAll @IntRange(min = 2, max = 7) int members,
            @ForAll long wrong,
            @ForAll @IntRange(max = 6) int missing) {
        int known = Math.max(members / 2 + 1, members - missing);
        long[] clocks = new long[known];
        clocks[0] = wrong;
        MajorityTime time = of(members, clocks);
        assertThat(time.reachedNanos()).isLessThanOrEqualTo(0);
        assertThat(time.notPassedNanos()).isGreaterThanOrEqualTo(0);
    }
}
