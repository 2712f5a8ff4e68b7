package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DirectWritesTest extends WritesContract {

    @Override
    TestCache configured(TestCache fixture) {
        return fixture;
    }

    @Test
    void aWriteIsOneRequestAndTakesNoLease() {
        fixture.cluster().forgetRequests();
        cache.getAndPut("k", "v");
        cache.replace("k", "v", "w");
        cache.remove("k", "w");

        assertThat(fixture.cluster().requests(Request.OfCache.class))
                .hasSize(3)
                .allMatch(Request.Write.class::isInstance);
    }

    @Test
    void aValueOfAMutableTypeIsComparedUnderALease() {
        cache.put("k", new ArrayList<>(List.of("a")));
        fixture.cluster().forgetRequests();

        assertThat(cache.remove("k", new ArrayList<>(List.of("a")))).isTrue();
        assertThat(fixture.cluster().requests(Request.ReadForUpdate.class)).hasSize(1);
    }

    @Test
    void aRefusalReachesTheCallerWithItsKind() {
        fixture.cluster().refuse(Request.Write.class, Status.TOO_LARGE);

        assertThatThrownBy(() -> cache.put("k", "v"))
                .isInstanceOfSatisfying(
                        LockstepCacheException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(LockstepCacheException.Kind.PERMANENT))
                .hasMessageContaining("refused by the test");
    }

    @Test
    void aPutAllCountsTheEntriesThatWereStoredWhenOthersAreRefused() {
        fixture.cluster().refuseWrites(0, Status.TOO_LARGE);
        java.util.Map<String, Object> many = new java.util.HashMap<>();
        for (int i = 0; i < 20; i++) {
            many.put("k" + i, "v");
        }

        assertThatThrownBy(() -> cache.putAll(many)).isInstanceOf(LockstepCacheException.class);
        fixture.cluster().refuseNothing();
        assertThat(cache.size()).isBetween(1L, 19L);
        assertThat(TestCache.statistics(cache).getCachePuts()).isEqualTo(cache.size());
    }
}
