package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LeasesTest {

    private static final Executor DIRECT = Runnable::run;

    private final TestCache fixture = new TestCache();
    private final CacheClient<String, Object> client = fixture.client();
    private final CacheClient<String, Object> other = fixture.client();

    @AfterEach
    void close() {
        fixture.close();
    }

    private NavigableSet<Bytes> keys(int number) {
        NavigableSet<Bytes> keys = new TreeSet<>();
        for (int i = 0; i < number; i++) {
            keys.add(client.codec().keyBytes("k" + i));
        }
        return keys;
    }

    @Test
    void theLeasesOfAllKeysAreHeldUntilTheyAreReleased() {
        NavigableSet<Bytes> keys = keys(600);
        Leases leases = Leases.of(keys, client, DIRECT).join();

        assertThat(fixture.cluster().leasesHeld()).isEqualTo(600);
        keys.forEach(key -> assertThat(leases.of(key).found().entry()).isNull());
        leases.release();
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void aLeaseThatIsHeldElsewhereIsWaitedForWhileNoneThatComesAfterItIsHeld() {
        NavigableSet<Bytes> keys = keys(3);
        Bytes taken = keys.higher(keys.first());
        LeaseGrant elsewhere = other.lease(taken).join();
        CompletableFuture<Leases> leases = Leases.of(keys, client, DIRECT);

        assertThat(leases).isNotDone();
        assertThat(fixture.cluster().leasesHeld())
                .as("of the first key here and of the second elsewhere")
                .isEqualTo(2);
        other.abandon(taken, elsewhere.id());
        assertThat(leases).isCompleted();
        assertThat(fixture.cluster().leasesHeld()).isEqualTo(3);
    }

    @Test
    void aRefusalFailsTheWholeAndLeavesNoLeaseBehind() {
        NavigableSet<Bytes> keys = keys(3);
        Bytes taken = keys.higher(keys.first());
        LeaseGrant elsewhere = other.lease(taken).join();
        CompletableFuture<Leases> leases = Leases.of(keys, client, DIRECT);
        fixture.cluster().refuse(Request.ReadForUpdate.class, Status.TOO_LARGE);
        other.abandon(taken, elsewhere.id());

        assertThat(leases)
                .as("the third is refused after the others were granted")
                .isCompletedExceptionally();
        assertThatThrownBy(leases::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(RequestFailedException.class);
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void aCallerThatGivesUpLeavesNoLeaseBehind() {
        NavigableSet<Bytes> keys = keys(3);
        Bytes taken = keys.higher(keys.first());
        LeaseGrant elsewhere = other.lease(taken).join();

        assertThatThrownBy(() -> CallerThreadExecutor.run(Duration.ofSeconds(10), executor -> {
                    CompletableFuture<Leases> leases = Leases.of(keys, client, executor);
                    executor.execute(() -> {
                        throw new IllegalStateException("the caller gives up");
                    });
                    return leases;
                }))
                .hasMessage("the caller gives up");
        other.abandon(taken, elsewhere.id());
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }
}
