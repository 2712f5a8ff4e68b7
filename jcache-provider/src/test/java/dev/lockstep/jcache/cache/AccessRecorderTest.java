package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.jcache.expiry.Expiry;
import dev.lockstep.jcache.expiry.ExpiryRules;
import dev.lockstep.jcache.expiry.PolicyExpiry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.cache.expiry.AccessedExpiryPolicy;
import javax.cache.expiry.CreatedExpiryPolicy;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ExpiryPolicy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AccessRecorderTest {

    private static final Bytes KEY = Bytes.of(new byte[] {1});
    private static final Bytes OTHER = Bytes.of(new byte[] {2});
    private static final Duration MINUTE = new Duration(TimeUnit.MINUTES, 1);

    /** Gives the first access the lifetime that the test says, leaves the others' as it is, and counts them. */
    private static final class CountingPolicy implements ExpiryPolicy {

        private final @Nullable Duration first;
        private int asked;

        CountingPolicy(@Nullable Duration first) {
            this.first = first;
        }

        @Override
        public @Nullable Duration getExpiryForAccess() {
            return asked++ == 0 ? first : null;
        }

        @Override
        public Duration getExpiryForCreation() {
            return Duration.ETERNAL;
        }

        @Override
        public @Nullable Duration getExpiryForUpdate() {
            return null;
        }
    }

    private static AccessRecorder custom(CountingPolicy policy) {
        return new AccessRecorder(new PolicyExpiry(policy), ExpiryRule.ETERNAL);
    }

    @Test
    void readsThatProlongNothingAreNotRecorded() {
        AccessRecorder recorder = new AccessRecorder(Expiry.BY_RULE, ExpiryRules.of(new CreatedExpiryPolicy(MINUTE)));

        assertThat(recorder.recordsReads()).isFalse();
        assertThat(recorder.touch(KEY, 7)).isNull();
        assertThat(recorder.touches(Map.of(KEY, new EntryRead(Bytes.EMPTY, 7, 0))))
                .isEmpty();
    }

    @Test
    void aReadByAnAccessBasedRuleIsJudgedByTheShardWhateverTheVersionIs() {
        AccessRecorder recorder = new AccessRecorder(Expiry.BY_RULE, ExpiryRules.of(new AccessedExpiryPolicy(MINUTE)));

        assertThat(recorder.recordsReads()).isTrue();
        assertThat(recorder.touch(KEY, 7)).isEqualTo(Mutation.touch(KEY, Condition.ANY, Lifetime.BY_RULE));
    }

    @Test
    void aLifetimeThatThePolicyGaveIsOfTheVersionThatWasReadAlone() {
        AccessRecorder recorder = custom(new CountingPolicy(MINUTE));

        assertThat(recorder.touch(KEY, 7))
                .isEqualTo(Mutation.touch(KEY, new Condition.VersionIs(7), Lifetime.ofMillis(60_000)));
    }

    @Test
    void thePolicyIsAskedOncePerReadAndEntriesThatItLeavesAreNotTouched() {
        CountingPolicy policy = new CountingPolicy(MINUTE);
        Map<Bytes, EntryRead> entries = new LinkedHashMap<>();
        entries.put(KEY, new EntryRead(Bytes.EMPTY, 7, 0));
        entries.put(OTHER, new EntryRead(Bytes.EMPTY, 8, 0));

        assertThat(custom(policy).touches(entries)).extracting(Mutation::key).containsExactly(KEY);
        assertThat(policy.asked).isEqualTo(2);
    }

    @Test
    void aPolicyThatEndsTheEntryAtItsFirstReadIsObeyed() {
        assertThat(custom(new CountingPolicy(Duration.ZERO)).touch(KEY, 7))
                .extracting(Mutation::lifetime)
                .isEqualTo(Lifetime.OVER);
    }
}
