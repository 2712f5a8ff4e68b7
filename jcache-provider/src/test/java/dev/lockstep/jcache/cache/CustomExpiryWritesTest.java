package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.cache.expiry.ExpiryPolicy;
import org.junit.jupiter.api.Test;

/** Writes of a cache whose expiry policy is the application's: it is asked once for each event, and only when that happens. */
class CustomExpiryWritesTest extends WritesContract {

    private RecordingPolicy policy;

    /** Lets entries live for a minute from their creation, and leaves their lifetimes as they are afterwards. */
    private static final class RecordingPolicy implements ExpiryPolicy {

        private final List<String> asked = new ArrayList<>();

        @Override
        public javax.cache.expiry.Duration getExpiryForCreation() {
            asked.add("creation");
            return new javax.cache.expiry.Duration(TimeUnit.MINUTES, 1);
        }

        @Override
        public javax.cache.expiry.Duration getExpiryForUpdate() {
            asked.add("update");
            return null;
        }

        @Override
        public javax.cache.expiry.Duration getExpiryForAccess() {
            asked.add("access");
            return null;
        }
    }

    @Override
    TestCache configured(TestCache fixture) {
        policy = new RecordingPolicy();
        return fixture.expiring(policy);
    }

    @Test
    void eachEventIsAskedForOnceAndOneThatDoesNotHappenNever() {
        cache.put("k", "v");
        cache.put("k", "w");
        cache.putIfAbsent("k", "x");
        cache.replace("absent", "x");
        cache.remove("k");

        assertThat(policy.asked).containsExactly("creation", "update");
    }

    @Test
    void aValueThatDiffersFromTheExpectedOneHasBeenAccessed() {
        cache.put("k", "v");
        policy.asked.clear();
        cache.replace("k", "other", "w");
        cache.remove("k", "other");

        assertThat(policy.asked).containsExactly("access", "access");
    }

    @Test
    void theAnswerIsTheEntrysLifetime() {
        cache.put("k", "v");
        fixture.cluster().pass(Duration.ofSeconds(59));
        cache.put("k", "w");
        assertThat(cache.containsKey("k")).isTrue();

        fixture.cluster().pass(Duration.ofSeconds(1));
        assertThat(cache.containsKey("k")).isFalse();
    }

    @Test
    void aWriteIsDecidedUnderTheLeaseOfItsEntry() {
        fixture.cluster().forgetRequests();
        cache.put("k", "v");

        assertThat(fixture.cluster().requests(Request.ReadForUpdate.class)).hasSize(1);
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }
}
