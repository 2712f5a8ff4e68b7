package dev.lockstep.cluster.clock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.SimulatedWorld;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The clock of one log, while a test says what the members' clocks say. */
class LogClockTest {

    private static final long HOUR = Duration.ofHours(1).toMillis();

    private final SimulatedWorld world = new SimulatedWorld();
    private final long began = world.millis();
    private long reachedAhead;
    private long notPassedAhead;
    private boolean heard = true;
    private long others;
    private int looks;
    private final LogClock clock = new LogClock(world, this::majority, () -> others);

    private @Nullable MajorityTime majority() {
        looks++;
        return heard
                ? new MajorityTime(
                        (world.millis() + reachedAhead) * 1_000_000,
                        (world.millis() + notPassedAhead) * 1_000_000,
                        world.nanos())
                : null;
    }

    /** Passes the time until they are looked at. */
    private void clocksSay(long aheadMillis) {
        reachedAhead = aheadMillis;
        notPassedAhead = aheadMillis;
        pass(Duration.ofNanos(LogClock.LOOK_NANOS));
    }

    private void pass(Duration duration) {
        for (long left = duration.toMillis(); left > 0; left -= 20) {
            world.pass(Duration.ofMillis(Math.min(left, 20)));
            clock.look();
        }
    }

    @Test
    void aNewLogTakesTheTimeOfTheClocks() {
        assertThat(clock.hasBegun()).isTrue();
        assertThat(clock.stampMillis()).isEqualTo(world.millis());
    }

    @Test
    void aReplicaThatKnowsTooFewClocksKnowsNoTimeYet() {
        heard = false;
        assertThat(clock.hasBegun()).isFalse();
        heard = true;
        assertThat(clock.hasBegun()).isTrue();
    }

    @Test
    void whileTheClocksJumpOrAreNotHeardTimeGoesOnByTheMonotonicClock() {
        clock.hasBegun();
        heard = false;
        pass(Duration.ofMinutes(10));
        assertThat(clock.stampMillis()).isEqualTo(world.millis());
        heard = true;
        clocksSay(HOUR);
        pass(Duration.ofMinutes(10));
        assertThat(clock.millis() - began).isBetween(20 * 60_000L, 20 * 60_000L + 31_000);
    }

    @Test
    void timeIsSlewedTowardsTheClocksByATwentiethAtMost() {
        clock.hasBegun();
        clocksSay(HOUR);
        pass(Duration.ofMinutes(20));
        assertThat(clock.millis() - world.millis()).isEqualTo(60_000);
        clocksSay(0);
        assertThat(clock.millis() - world.millis()).isEqualTo(60_050);
        pass(Duration.ofMinutes(10));
        assertThat(clock.millis() - world.millis()).isEqualTo(30_050);
        pass(Duration.ofMinutes(30));
        assertThat(clock.millis()).isEqualTo(world.millis());
    }

    @Test
    void timeThatIsAheadGoesOnMoreSlowlyAndNeverStops() {
        clock.reached(world.millis() + HOUR);
        clock.hasBegun();
        long before = clock.stampMillis();
        pass(Duration.ofMinutes(1));
        assertThat(clock.stampMillis() - before).isEqualTo(57_000);
    }

    @Test
    void onceTimeIsKnownTheClocksAreLookedAtEverySecond() {
        int before = looks;
        assertThat(clock.hasBegun()).isTrue();
        pass(Duration.ofMillis(980));
        assertThat(looks - before).isEqualTo(1);
        pass(Duration.ofMillis(20));
        assertThat(looks - before).isEqualTo(2);
        pass(Duration.ofMinutes(1));
        assertThat(looks - before).isEqualTo(62);
    }

    @Test
    void manyStampsLoseNoTime() {
        clock.hasBegun();
        for (int i = 0; i < 10_000; i++) {
            world.pass(Duration.ofNanos(123_456));
            clock.stampMillis();
        }
        assertThat(clock.millis()).isEqualTo(world.millis());
    }

    @Test
    void afterAStartTheTimePassedMeanwhileCounts() {
        clock.reached(world.millis() - HOUR);
        assertThat(clock.millis()).isEqualTo(world.millis() - HOUR);
        assertThat(clock.hasBegun()).isTrue();
        assertThat(clock.stampMillis()).isEqualTo(world.millis());
    }

    @Test
    void afterAStartTheTimeOfAnotherReplicaCountsAndNotTheClocks() {
        clock.reached(world.millis() - HOUR);
        others = world.millis() - 1_000;
        assertThat(clock.hasBegun()).isTrue();
        assertThat(clock.stampMillis()).isEqualTo(world.millis() - 1_000);
        others = world.millis() + HOUR;
        clock.look();
        assertThat(clock.stampMillis()).isEqualTo(world.millis() - 1_000);
    }

    @Test
    void onlyTheStartMaySetTimeForward() {
        clock.reached(world.millis());
        clock.look();
        clocksSay(HOUR);
        assertThat(clock.hasBegun()).isTrue();
        assertThat(clock.stampMillis()).isEqualTo(world.millis());
    }

    @Test
    void afterAStartTimeDoesNotGoBackToTheClocks() {
        clock.reached(world.millis() + HOUR);
        assertThat(clock.hasBegun()).isTrue();
        assertThat(clock.stampMillis()).isEqualTo(world.millis() + HOUR);
    }

    @Test
    void aReplicaThatCannotTellWhichClocksAreWrongWaitsAndThenTakesTheEarlier() {
        clock.reached(world.millis() - HOUR);
        notPassedAhead = 24 * HOUR;
        assertThat(clock.hasBegun()).isFalse();
        pass(Duration.ofMillis(2_980));
        assertThat(clock.hasBegun()).isFalse();
        pass(Duration.ofMillis(20));
        assertThat(clock.hasBegun()).isTrue();
        assertThat(clock.stampMillis()).isEqualTo(world.millis());
    }

    @Test
    void theTimeThatAProcessWasSuspendedDoesNotCountAsWaitingForClocks() {
        notPassedAhead = 24 * HOUR;
        assertThat(clock.hasBegun()).isFalse();
        world.pass(Duration.ofMinutes(1));
        assertThat(clock.hasBegun()).isFalse();
        pass(Duration.ofMillis(2_900));
        assertThat(clock.hasBegun()).isTrue();
    }

    @Test
    void aFollowerGoesOnFromWhatTheLeaderHasStamped() {
        clock.reached(world.millis() + 100);
        pass(Duration.ofMillis(50));
        clock.reached(world.millis() + 300);
        assertThat(clock.millis()).isEqualTo(world.millis() + 300);
        clock.reached(world.millis() - 300);
        assertThat(clock.millis()).isEqualTo(world.millis() + 300);
    }
}
