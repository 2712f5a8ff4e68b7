package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import java.util.concurrent.atomic.AtomicInteger;
import org.hibernate.cache.CacheException;
import org.junit.jupiter.api.Test;

class ReachabilityTest {

    private final Reachability reachability = new Reachability();
    private final AtomicInteger asked = new AtomicInteger();

    private String silence() {
        asked.incrementAndGet();
        throw new javax.cache.CacheException("no answer");
    }

    @Test
    void afterAFailureNoSessionWaitsForAWhile() throws Exception {
        assertThat(reachability.attempt("a read", this::silence, "database")).isEqualTo("database");
        for (int i = 0; i < 100; i++) {
            assertThat(reachability.attempt("a read", this::silence, "database"))
                    .isEqualTo("database");
        }
        assertThat(asked).hasValueLessThan(50);
        Eventually.holds("it is asked again", () -> "cache".equals(reachability.attempt("a read", () -> "cache", "")));
        assertThat(reachability.require("a lock", () -> "taken")).isEqualTo("taken");
    }

    @Test
    void aRequiredCallFailsWithAReason() {
        assertThatThrownBy(() -> reachability.require("Locking", this::silence))
                .isInstanceOf(CacheException.class)
                .hasMessage("Locking failed: no answer");
        assertThatThrownBy(() -> reachability.require("Locking", this::silence))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("did not answer a moment ago");
    }
}
