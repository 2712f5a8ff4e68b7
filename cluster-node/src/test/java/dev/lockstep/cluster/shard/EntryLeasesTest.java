package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The lifetime of leases, and of places in the queue for one; on simulated time. */
class EntryLeasesTest {

    private static final Bytes KEY = Bytes.utf8("key");
    private static final long HOLD = 3_000;
    private static final long WAIT = 9_000;

    private final SimulatedWorld world = new SimulatedWorld();
    private final EntryLeases leases = new EntryLeases(world, world);
    private final Connection a = new Connection();
    private final Connection b = new Connection();

    /** One that is open until it is closed. */
    private static final class Connection implements Caller {

        private boolean open = true;

        @Override
        public boolean isConnected() {
            return open;
        }
    }

    /** One asking, and what came of it: null for granted. */
    private final class Asked {

        private final LeaseId id;
        private final List<@Nullable Status> told = new ArrayList<>();

        Asked(int number, Connection connection) {
            this.id = new LeaseId(1, 2, number);
            leases.acquire(1, KEY, id, connection, WAIT, HOLD, told::add);
        }

        boolean isGranted() {
            return told.equals(Collections.singletonList(null));
        }
    }

    private void close(Connection connection) {
        connection.open = false;
        leases.disconnected(connection);
    }

    private void pass(long millis) {
        world.pass(Duration.ofMillis(millis));
    }

    /** Lets seconds pass in each of which some renew their leases or their places in the queue. */
    private void passRenewing(int seconds, Asked... renewing) {
        for (int second = 0; second < seconds; second++) {
            pass(1_000);
            for (Asked one : renewing) {
                leases.renew(one.id);
            }
        }
    }

    @Test
    void aLeaseEndsWithTheConnectionThatItWasAskedForOver() {
        assertThat(new Asked(1, a).isGranted()).isTrue();
        Asked next = new Asked(2, b);
        assertThat(next.told).isEmpty();
        close(a);
        assertThat(next.isGranted()).isTrue();
    }

    @Test
    void theLeaseGoesToThoseWhoWaitInTheOrderInWhichTheyAsked() {
        Asked holder = new Asked(1, a);
        List<Asked> waiting = List.of(new Asked(2, b), new Asked(3, a), new Asked(4, b));
        leases.acquire(1, KEY, waiting.get(1).id, b, WAIT, HOLD, waiting.get(1).told::add);
        leases.release(1, KEY, holder.id);
        for (int i = 0; i < waiting.size(); i++) {
            assertThat(waiting.subList(i + 1, waiting.size())).noneMatch(Asked::isGranted);
            assertThat(waiting.get(i).told).endsWith((Status) null);
            leases.release(1, KEY, waiting.get(i).id);
        }
    }

    @Test
    void whileLeadershipIsHandedOverNoLeaseIsGranted() {
        assertThat(leases.pause(Duration.ofMillis(300).toNanos(), false)).isTrue();
        assertThat(new Asked(1, a).told).containsExactly(Status.BUSY);
        pass(299);
        assertThat(new Asked(1, a).told).containsExactly(Status.BUSY);
        pass(1);
        assertThat(new Asked(1, a).isGranted()).isTrue();
    }

    @Test
    void afterTheLeadershipHasEndedTheNextOneGrantsLeasesAtOnce() {
        leases.pause(Duration.ofMillis(300).toNanos(), false);
        leases.dropAll();
        assertThat(new Asked(1, a).isGranted()).isTrue();
    }

    @Test
    void leadershipIsNotHandedOverWhileALeaseIsHeld() {
        Asked holder = new Asked(1, a);
        assertThat(leases.pause(Duration.ofMillis(300).toNanos(), false)).isFalse();
        Asked next = new Asked(2, b);
        leases.release(1, KEY, holder.id);
        assertThat(next.isGranted()).isTrue();
    }

    @Test
    void aLeaseThatBecomesFreeWhileLeadershipIsHandedOverAllTheSameGoesToNobody() {
        Asked holder = new Asked(1, a);
        Asked next = new Asked(2, b);
        assertThat(leases.pause(Duration.ofMillis(300).toNanos(), true)).isTrue();
        assertThat(next.told).isEmpty();
        leases.release(1, KEY, holder.id);
        assertThat(next.told).containsExactly(Status.BUSY);
        pass(300);
        assertThat(new Asked(2, b).isGranted()).isTrue();
    }

    @Test
    void aWaiterOverAClosedConnectionIsSkipped() {
        Asked holder = new Asked(1, b);
        Asked gone = new Asked(2, a);
        Asked next = new Asked(3, b);
        close(a);
        leases.release(1, KEY, holder.id);
        assertThat(gone.isGranted()).isFalse();
        assertThat(next.isGranted()).isTrue();
    }

    @Test
    void aRequestOverAClosedConnectionBlocksNoOther() {
        close(a);
        new Asked(1, a);
        assertThat(new Asked(2, b).isGranted()).isTrue();
    }

    @Test
    void aLeaseThatWasAskedForAgainOverAnotherConnectionOutlivesTheFirst() {
        new Asked(1, a);
        assertThat(new Asked(1, b).isGranted()).isTrue();
        Asked next = new Asked(2, b);
        close(a);
        assertThat(next.told).isEmpty();
        close(b);
        assertThat(next.isGranted()).isFalse();
        assertThat(new Asked(3, new Connection()).isGranted()).isTrue();
    }

    @Test
    void aLeaseThatIsRenewedStaysAndOneThatIsNotGoesToTheNext() {
        Asked holder = new Asked(1, a);
        Asked next = new Asked(2, b);
        passRenewing(8, holder, next);
        assertThat(next.told).isEmpty();
        leases.release(1, KEY, holder.id);
        assertThat(next.isGranted()).isTrue();
        Asked last = new Asked(3, a);
        pass(HOLD - 1);
        assertThat(last.told).isEmpty();
        leases.renew(last.id);
        pass(1);
        assertThat(last.isGranted()).isTrue();
    }

    @Test
    void aWaiterThatDoesNotRenewIsNotGrantedTheLease() {
        Asked holder = new Asked(1, b);
        Asked frozen = new Asked(2, a);
        Asked next = new Asked(3, b);
        passRenewing(4, holder, next);
        leases.release(1, KEY, holder.id);
        assertThat(frozen.told).containsExactly(Status.BUSY);
        assertThat(next.isGranted()).isTrue();
    }

    @Test
    void aFrozenSessionKeepsOthersWaitingOnlyOnceHoweverOftenItWaits() {
        new Asked(1, a);
        new Asked(2, a);
        new Asked(3, a);
        Asked next = new Asked(4, b);
        pass(1_000);
        leases.renew(next.id);
        pass(HOLD - 1_000);
        assertThat(next.isGranted()).isTrue();
    }

    @Test
    void waitingEndsWhenItsTimeIsOverThoughItIsRenewed() {
        Asked holder = new Asked(1, a);
        Asked waiting = new Asked(2, b);
        passRenewing(9, holder, waiting);
        assertThat(waiting.told).containsExactly(Status.LEASE_TIMEOUT);
        pass(HOLD);
        assertThat(new Asked(3, b).isGranted()).isTrue();
    }

    @Test
    void aHolderThatRenewsPostponesNoOtherLeasesEnd() {
        Asked holder = new Asked(1, a);
        pass(1_000);
        Bytes other = Bytes.utf8("other");
        leases.acquire(1, other, new LeaseId(1, 2, 8), b, WAIT, HOLD, ignored -> {});
        List<@Nullable Status> next = new ArrayList<>();
        leases.acquire(1, other, new LeaseId(1, 2, 9), a, WAIT, 2 * HOLD, next::add);
        pass(1_500);
        leases.renew(holder.id);
        pass(HOLD - 1_500 - 1);
        assertThat(next).isEmpty();
        pass(1);
        assertThat(next).containsExactly((Status) null);
    }

    @Test
    void leasesThatAreSoonGivenBackShareOneTimer() {
        AtomicInteger timers = new AtomicInteger();
        EntryLeases counted = new EntryLeases(world, new EventLoop() {
            @Override
            public void execute(Runnable task) {
                world.execute(task);
            }

            @Override
            public Timer schedule(long delayNanos, Runnable task) {
                timers.incrementAndGet();
                return world.schedule(delayNanos, task);
            }

            @Override
            public boolean inLoop() {
                return world.inLoop();
            }

            @Override
            public void close() {}
        });
        for (int i = 0; i < 100; i++) {
            pass(1);
            LeaseId id = new LeaseId(1, 2, i);
            counted.acquire(1, KEY, id, a, WAIT, HOLD, ignored -> {});
            counted.release(1, KEY, id);
        }
        assertThat(timers).hasValue(1);
    }

    @Test
    void aWaiterThatGaveUpIsNotGrantedTheLease() {
        Asked holder = new Asked(1, a);
        Asked givenUp = new Asked(2, b);
        Asked next = new Asked(3, b);
        leases.release(1, KEY, givenUp.id);
        leases.release(1, KEY, holder.id);
        assertThat(givenUp.isGranted()).isFalse();
        assertThat(next.isGranted()).isTrue();
    }
}
