package dev.lockstep.cluster.readindex;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.SimulatedWorld;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AppliedPositionWaitersTest {

    private final SimulatedWorld world = new SimulatedWorld();
    private final List<String> told = new ArrayList<>();
    private long position;
    private final AppliedPositionWaiters waits = new AppliedPositionWaiters(() -> position, world, world);

    private void await(long wanted, long millis) {
        waits.await(wanted, TimeUnit.MILLISECONDS.toNanos(millis), reached -> told.add(wanted + ":" + reached));
    }

    @Test
    void aPositionAlreadyReachedIsNotWaitedFor() {
        position = 5;
        await(5, 0);
        assertThat(told).containsExactly("5:true");
    }

    @Test
    void eachIsToldWhenItsPositionIsReached() {
        await(7, 100);
        await(6, 100);
        position = 6;
        waits.advanced();
        world.pass(Duration.ZERO);
        assertThat(told).containsExactly("6:true");
        position = 9;
        waits.advanced();
        world.pass(Duration.ZERO);
        assertThat(told).containsExactly("6:true", "7:true");
    }

    @Test
    void anAdvanceThatIsNotSignalledIsSeen() {
        await(7, 100);
        position = 7;
        world.pass(Duration.ofMillis(2));
        assertThat(told).containsExactly("7:true");
    }

    @Test
    void aWaiterTimesOut() {
        await(7, 100);
        await(8, 10);
        world.pass(Duration.ofMillis(9));
        assertThat(told).isEmpty();
        world.pass(Duration.ofMillis(3));
        assertThat(told).containsExactly("8:false");
        position = 8;
        waits.advanced();
        world.pass(Duration.ofMillis(200));
        assertThat(told).containsExactly("8:false", "7:true");
    }

    @Test
    void tooManyWaitersAreTurnedAway() {
        for (int i = 0; i < AppliedPositionWaiters.MAX_WAITING; i++) {
            await(1, 1_000);
        }
        assertThat(told).isEmpty();
        await(1, 1_000);
        assertThat(told).containsExactly("1:false");
    }
}
