package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Lifetime;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The exceptions that JSR-107 demands of every operation of {@link javax.cache.Cache}, and which of them comes first. */
class ArgumentChecksTest {

    private final TestCache fixture = new TestCache();
    private final SessionCache<String, Object> cache = fixture.open();
    /** Judges what the compiler would not let pass. */
    private final ArgumentChecks<Object, Object> checks =
            new ArgumentChecks<>(unchecked(cache.life()), unchecked(String.class), unchecked(Number.class));

    @AfterEach
    void close() {
        fixture.close();
    }

    @SuppressWarnings("unchecked")
    private static <T> T unchecked(Object object) {
        return (T) object;
    }

    @Test
    void aClosedCacheIsReportedBeforeAnyArgumentIsJudged() {
        cache.close();

        assertThatThrownBy(() -> checks.key(null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Cache prices is closed");
        assertThatThrownBy(() -> checks.keys(Set.of(7))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> checks.entry(7, null)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aDestroyedCacheSaysHowToOpenItsSuccessor() {
        cache.life().destroyed();

        assertThatThrownBy(checks::open)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("prices was destroyed")
                .hasMessageContaining("createCache");
    }

    @Test
    void nullIsRefusedNamingTheArgument() {
        assertThatThrownBy(() -> checks.key(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("key");
        assertThatThrownBy(() -> checks.entry("k", null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("value");
        assertThatThrownBy(() -> checks.keys(new HashSet<>(Arrays.asList("k", null))))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> checks.keys(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void anotherTypeIsRefusedNamingTheCacheAndBothTypes() {
        assertThatThrownBy(() -> checks.key(7))
                .isInstanceOf(ClassCastException.class)
                .hasMessage("Cache prices has keys of java.lang.String, not of java.lang.Integer");
        assertThatThrownBy(() -> checks.entry("k", "text"))
                .isInstanceOf(ClassCastException.class)
                .hasMessage("Cache prices has values of java.lang.Number, not of java.lang.String");
    }

    @Test
    void everyKeyOfASetIsJudged() {
        assertThatThrownBy(() -> checks.keys(new LinkedHashSet<>(List.of("first", 7))))
                .isInstanceOf(ClassCastException.class);
    }

    @Test
    void objectsOfSubtypesAreAccepted() {
        checks.entry("k", 7);
        checks.entry("k", 7.5);
        checks.keys(Set.of("a", "b"));
    }

    @Test
    void aLifetimeIsAMillisecondAtLeastAndCountedInWholeOnes() {
        assertThat(ArgumentChecks.lifetime(Duration.ofNanos(1_999_999))).isEqualTo(Lifetime.ofMillis(1));
        assertThatThrownBy(() -> ArgumentChecks.lifetime(Duration.ofNanos(999_999)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ArgumentChecks.lifetime(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
