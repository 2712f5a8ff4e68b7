package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.jcache.Moment;
import dev.lockstep.jcache.Version;
import dev.lockstep.jcache.Versioned;
import dev.lockstep.jcache.VersionedCache;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VersionedViewTest {

    private final TestCache fixture = new TestCache();
    private final SessionCache<String, Object> cache = fixture.open();
    private final VersionedCache<String, Object> versioned = cache.versioned();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aWriteOnTheVersionThatWasReadIsApplied() {
        Version first = versioned.put("k", "v", null);
        Versioned<Object> read = versioned.read("k");

        assertThat(read.value()).isEqualTo("v");
        assertThat(read.version().number()).isEqualTo(first.number());
        assertThat(versioned.put("k", "w", read.version(), null)).isNotNull();
        assertThat(cache.get("k")).isEqualTo("w");
    }

    @Test
    void aWriteOnAVersionThatIsOutOfDateIsNotApplied() {
        Version old = versioned.put("k", "v", null);
        cache.put("k", "theirs");

        assertThat(versioned.put("k", "mine", old, null)).isNull();
        assertThat(versioned.remove("k", old)).isFalse();
        assertThat(cache.get("k")).isEqualTo("theirs");
    }

    @Test
    void aWriteOnAbsenceFailsIfAnEntryCameAndWent() {
        Version absent = versioned.read("k").version();
        assertThat(absent.isAbsence()).isTrue();
        cache.put("k", "theirs");
        cache.remove("k");

        assertThat(versioned.put("k", "mine", absent, null)).isNull();
        assertThat(versioned.put("k", "mine", versioned.read("k").version(), null))
                .isNotNull();
    }

    @Test
    void absenceReadFromAReplicaInThisJvmHoldsOnlySinceWhatTheSessionHadSeen() {
        fixture.cluster().answerLocally();
        Version absent = versioned.read("k").version();

        assertThat(absent.isAbsence()).isTrue();
        assertThat(versioned.put("k", "mine", absent, null)).isNotNull();
    }

    @Test
    void anEntryThatChangedAfterAMomentIsNotUnchangedSinceThen() {
        versioned.put("k", "v", null);
        Moment before = versioned.moment();
        assertThat(versioned.unchangedSince("k", versioned.read("k"), before)).isNotNull();

        versioned.put("k", "w", null);
        assertThat(versioned.unchangedSince("k", versioned.read("k"), before)).isNull();
    }

    @Test
    void absenceIsNarrowedToTheMomentBeforeTheRead() {
        Moment before = versioned.moment();
        cache.put("k", "theirs");
        cache.remove("k");
        Version narrowed = versioned.unchangedSince("k", versioned.read("k"), before);

        assertThat(narrowed).isNotNull();
        assertThat(versioned.put("k", "mine", narrowed, null)).isNull();
    }
}
