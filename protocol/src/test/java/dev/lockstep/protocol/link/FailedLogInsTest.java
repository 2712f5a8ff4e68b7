package dev.lockstep.protocol.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.runtime.Time;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Failed log-ins are counted by address and user, for a minute, and the table has an end. */
class FailedLogInsTest {

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
    private final FailedLogIns failures = new FailedLogIns(new Time() {
        @Override
        public long millis() {
            throw new AssertionError("Waits are measured by the monotonic clock");
        }

        @Override
        public long nanos() {
            return nanos.get();
        }
    });

    private void fail(String address, String user, int times) {
        for (int i = 0; i < times; i++) {
            failures.failed(address, user);
        }
    }

    @Test
    void aUserMayFailTenTimesAMinuteFromOneAddress() {
        fail("a", "ada", 9);
        assertThat(failures.secondsToWait("a", "ada")).isZero();
        fail("a", "ada", 1);
        assertThat(failures.secondsToWait("a", "ada")).isBetween(60L, 61L);
        assertThat(failures.secondsToWait("b", "ada")).isZero();
        assertThat(failures.secondsToWait("a", "bob")).isZero();
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(45));
        assertThat(failures.secondsToWait("a", "ada")).isBetween(15L, 16L);
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(16));
        assertThat(failures.secondsToWait("a", "ada")).isZero();
        fail("a", "ada", 9);
        assertThat(failures.secondsToWait("a", "ada")).isZero();
        fail("a", "ada", 1);
        assertThat(failures.secondsToWait("a", "ada")).isPositive();
    }

    @Test
    void anAddressMayFailAHundredTimesWhateverTheUser() {
        for (int user = 0; user < 99; user++) {
            fail("a", "user" + user, 1);
        }
        assertThat(failures.secondsToWait("a", "ada")).isZero();
        fail("a", "", 1);
        assertThat(failures.secondsToWait("a", "ada")).isPositive();
        assertThat(failures.secondsToWait("b", "ada")).isZero();
    }

    @Test
    void whoeverSucceedsBeginsAnew() {
        fail("a", "ada", 9);
        failures.succeeded("a", "ada");
        fail("a", "ada", 9);
        assertThat(failures.secondsToWait("a", "ada")).isZero();
    }

    @Test
    void thoseThatFailedLongestAgoGiveWay() {
        fail("a", "ada", 10);
        for (int address = 0; address < FailedLogIns.MAX_SOURCES; address++) {
            fail("b" + address, "", 1);
        }
        assertThat(failures.secondsToWait("a", "ada")).isZero();
        fail("a", "ada", 10);
        assertThat(failures.secondsToWait("a", "ada")).isPositive();
    }
}
