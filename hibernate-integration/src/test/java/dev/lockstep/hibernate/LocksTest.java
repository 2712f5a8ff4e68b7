package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.LockstepCacheManager;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.cache.configuration.MutableConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Locks on the single node in memory. */
class LocksTest {

    private final List<String> fenced = new ArrayList<>();
    private final Map<String, Runnable> item = Map.of("item", () -> fenced.add("item"));
    private LockstepCacheManager manager;
    private LockstepCache<String, String> entries;
    private Locks locks;

    @BeforeEach
    @SuppressWarnings("unchecked")
    void open() {
        manager = Managers.acquire(URI.create("lockstep:local"));
        entries = manager.createCache(
                        "locks", new MutableConfiguration<String, String>().setTypes(String.class, String.class))
                .unwrap(LockstepCache.class);
        locks = locks(Duration.ofMinutes(1));
    }

    private Locks locks(Duration lifetime) {
        return new Locks(entries, new Leases(entries, lifetime));
    }

    @AfterEach
    void close() {
        Managers.release(manager);
    }

    @Test
    void anItemIsFreeOnceTheLastLockIsReleased() {
        assertThat(locks.areFree(item)).isTrue();
        String one = locks.acquire("item");
        assertThat(locks.isSole("item", one)).isTrue();
        String other = locks(Duration.ofMinutes(1)).acquire("item");
        assertThat(locks.isSole("item", one)).isFalse();
        locks.release("item", one);
        assertThat(locks.isSole("item", other)).isTrue();
        assertThat(locks.areFree(item)).isFalse();
        locks.release("item", other);
        assertThat(locks.areFree(item)).isTrue();
        assertThat(fenced).isEmpty();
    }

    @Test
    void aLockOfAnotherNameIsNone() {
        locks.acquire("other");
        assertThat(locks.areFree(item)).isTrue();
    }

    @Test
    void releasingWhatIsGoneDoesNothing() {
        String lock = locks.acquire("item");
        locks.release("item", lock);
        locks.release("item", lock);
        assertThat(locks.areFree(item)).isTrue();
    }

    @Test
    void aLockWhoseLeaseIsOverIsSweptAwayBehindAFence() throws Exception {
        String dead = locks(Duration.ofMillis(10)).acquire("item");
        Eventually.holds("the lease is over", () -> {
            assertThat(locks.areFree(item)).as("not at the first look").isFalse();
            return !fenced.isEmpty();
        });
        assertThat(fenced).containsExactly("item");
        assertThat(locks.areFree(item)).isTrue();
        locks.release("item", dead);
        assertThat(locks.areFree(item)).isTrue();
    }

    @Test
    void theLivingKeepTheirLockWhenTheDeadLoseTheirs() throws Exception {
        locks(Duration.ofMillis(10)).acquire("item");
        String living = locks.acquire("item");
        Eventually.holds("the lease is over", () -> {
            locks.areFree(item);
            return !fenced.isEmpty();
        });
        assertThat(locks.isSole("item", living)).isTrue();
        assertThat(locks.areFree(item)).isFalse();
    }
}
