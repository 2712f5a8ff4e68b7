package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.jcache.Moment;
import dev.lockstep.jcache.marshalling.StandardMarshaller;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import javax.cache.configuration.MutableConfiguration;
import org.hibernate.cache.CacheException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A region on the single node in memory, also when that is gone. */
class RegionStoreTest {

    private LockstepCacheManager manager;
    private LockstepCache<String, byte[]> values;
    private Locks locks;

    @BeforeEach
    void open() {
        manager = Managers.acquire(URI.create("lockstep:local"));
        values = cache("values", byte[].class);
        LockstepCache<String, String> entries = cache("locks", String.class);
        locks = new Locks(entries, new Leases(entries, Duration.ofMinutes(1)));
    }

    @SuppressWarnings("unchecked")
    private <V> LockstepCache<String, V> cache(String name, Class<V> type) {
        return manager.createCache(name, new MutableConfiguration<String, V>().setTypes(String.class, type))
                .unwrap(LockstepCache.class);
    }

    @AfterEach
    void close() {
        Managers.release(manager);
    }

    private RegionStore store(boolean failOpen) {
        Codec codec = new Codec(new StandardMarshaller(
                "region", RegionStoreTest.class.getClassLoader(), LockstepSettings.ALLOWED, List.of()));
        return new RegionStore("region", codec, new Values(values, codec), true, locks, new Reachability(), failOpen);
    }

    private Moment now() {
        return values.versioned().moment();
    }

    @Test
    void aLockedItemIsNeitherReadNorStored() {
        RegionStore store = store(false);
        assertThat(store.putLoadedIfFree("a", "old", now(), false)).isTrue();
        ItemLock lock = store.lockItem("a");
        assertThat(store.get("a")).isNull();
        assertThat(store.putLoadedIfFree("a", "old", now(), false)).isFalse();
        assertThat(store.unlockItem("a", lock, "new")).isTrue();
        assertThat(store.get("a")).isEqualTo("new");
    }

    @Test
    void anItemLockedByTwoIsLeftToTheNextLoad() {
        RegionStore store = store(false);
        ItemLock one = store.lockItem("a");
        ItemLock other = store.lockItem("a");
        Moment under = now();
        assertThat(store.unlockItem("a", other, "later")).isFalse();
        assertThat(store.unlockItem("a", one, "earlier")).isFalse();
        assertThat(store.get("a")).isNull();
        assertThat(store.putLoadedIfFree("a", "old", under, false))
                .as("from before their end")
                .isFalse();
        assertThat(store.putLoadedIfFree("a", "loaded", now(), false)).isTrue();
        assertThat(store.get("a")).isEqualTo("loaded");
    }

    @Test
    void aValueLoadedUnderALockIsNotStoredAfterIt() {
        RegionStore store = store(false);
        ItemLock lock = store.lockItem("a");
        Moment under = now();
        store.unlockItem("a", lock);
        assertThat(store.putLoadedIfFree("a", "old", under, false)).isFalse();
        assertThat(store.putLoadedIfFree("a", "new", now(), false)).isTrue();
    }

    @Test
    void aLockedRegionTakesNothing() {
        RegionStore store = store(false);
        RegionLock lock = store.lockRegion();
        store.clearBefore();
        Moment under = now();
        assertThat(store.putLoadedIfFree("a", "old", under, false)).isFalse();
        store.unlockRegion(lock);
        assertThat(store.putLoadedIfFree("a", "old", under, false))
                .as("from before")
                .isFalse();
        assertThat(store.putLoadedIfFree("a", "new", now(), false)).isTrue();
    }

    @Test
    void aClearedRegionKeepsItsLocks() {
        RegionStore store = store(false);
        ItemLock lock = store.lockItem("a");
        store.clear();
        assertThat(store.putLoadedIfFree("a", "old", now(), false)).isFalse();
        assertThat(store.unlockItem("a", lock, "new")).as("its fence is gone").isFalse();
        assertThat(store.get("a")).isNull();
    }

    @Test
    void aRefreshReplacesWhatIsOlder() {
        RegionStore store = store(false);
        store.putLoadedIfFree("a", "old", now(), false);
        assertThat(store.putLoadedIfFree("a", "new", now(), false)).isFalse();
        assertThat(store.putLoadedIfFree("a", "new", now(), true)).isTrue();
        assertThat(store.get("a")).isEqualTo("new");
    }

    @Test
    void withoutTheClusterNothingIsReadAndNothingLocked() {
        RegionStore store = store(false);
        store.putLoadedIfFree("a", "old", now(), false);
        Moment before = now();
        manager.close();
        assertThat(store.get("a")).isNull();
        assertThat(store.putLoadedIfFree("b", "old", before, false)).isFalse();
        assertThatThrownBy(() -> store.lockItem("a"))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("The transaction can't continue");
        assertThatThrownBy(() -> store.fenceBefore("a")).isInstanceOf(CacheException.class);
        store.unlockItem("a", null);
        store.unlockRegion(null);
    }

    @Test
    void failOpenLetsTransactionsGoOnWithoutALock() {
        RegionStore store = store(true);
        manager.close();
        assertThat(store.lockItem("a")).isNull();
        assertThat(store.lockRegion()).isNull();
        store.fenceBefore("a");
        store.clearBefore();
    }
}
