package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.hibernate.LockstepSettings.Consistency;
import dev.lockstep.hibernate.LockstepSettings.RegionSettings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.hibernate.cache.CacheException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LockstepSettingsTest {

    @Test
    void hasDefaults() {
        LockstepSettings settings = LockstepSettings.from(Map.of("hibernate.show_sql", "true"));
        assertThat(settings.uri()).isNull();
        assertThat(settings.lockLifetime()).isEqualTo(Duration.ofSeconds(60));
        assertThat(settings.failOpen()).isFalse();
        assertThat(settings.region("any")).isEqualTo(RegionSettings.NONE);
    }

    @Test
    void takesTheUriOfJCacheToo() {
        assertThat(LockstepSettings.from(Map.of("hibernate.javax.cache.uri", "lockstep:local"))
                        .uri())
                .hasToString("lockstep:local");
        assertThat(LockstepSettings.from(Map.of(
                                "hibernate.javax.cache.uri",
                                "lockstep:local",
                                "hibernate.lockstep.uri",
                                "lockstep:default"))
                        .uri())
                .hasToString("lockstep:default");
    }

    @Test
    void theMostSpecificPatternHolds() {
        LockstepSettings settings = LockstepSettings.from(Map.of(
                "hibernate.lockstep.region.*.max-entries", 10,
                "hibernate.lockstep.region.com.acme.*.time-to-live", "5m",
                "hibernate.lockstep.region.com.acme.Book.consistency", "session"));
        assertThat(settings.region("com.other.Book").maxEntries()).isEqualTo(Optional.of(10L));
        assertThat(settings.region("com.acme.Author"))
                .isEqualTo(new RegionSettings(
                        Optional.of(Duration.ofMinutes(5)), Optional.empty(), Optional.empty(), Optional.empty()));
        assertThat(settings.region("com.acme.Book").consistency()).isEqualTo(Optional.of(Consistency.SESSION));
    }

    @ParameterizedTest
    @CsvSource({
        "hibernate.lockstep.lock-lifetime, soon",
        "hibernate.lockstep.lock-lifetime, 0s",
        "hibernate.lockstep.fail-open, yes",
        "hibernate.lockstep.uri, lockstep://a b",
        "hibernate.lockstep.region.a.max-entries, many",
        "hibernate.lockstep.region.a.max-entries, 0",
        "hibernate.lockstep.region.a.time-to-live, 5",
        "hibernate.lockstep.region.a.consistency, weak",
        "hibernate.lockstep.region.a.ttl, 5s",
        "hibernate.lockstep.region.max-entries, 5",
        "hibernate.lockstep.locks, 5s",
    })
    void refusesWhatIsWrongAndNamesIt(String property, String value) {
        Map<String, Object> properties = Map.of(property, value);
        assertThatThrownBy(() -> LockstepSettings.from(properties))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining(property);
    }
}
