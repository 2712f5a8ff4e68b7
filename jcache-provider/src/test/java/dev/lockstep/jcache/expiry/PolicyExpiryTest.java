package dev.lockstep.jcache.expiry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.wire.Lifetime;
import java.io.Closeable;
import java.util.concurrent.TimeUnit;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ExpiryPolicy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PolicyExpiryTest {

    /** Answers every question alike, and fails where it has no answer. */
    private static final class Policy implements ExpiryPolicy, Closeable {

        private final @Nullable Duration answer;
        private final boolean fails;
        private boolean closed;

        Policy(@Nullable Duration answer, boolean fails) {
            this.answer = answer;
            this.fails = fails;
        }

        private @Nullable Duration answer() {
            if (fails) {
                throw new IllegalStateException("no answer");
            }
            return answer;
        }

        @Override
        public @Nullable Duration getExpiryForCreation() {
            return answer();
        }

        @Override
        public @Nullable Duration getExpiryForAccess() {
            return answer();
        }

        @Override
        public @Nullable Duration getExpiryForUpdate() {
            return answer();
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void theAnswersOfThePolicyAreLifetimes() {
        PolicyExpiry expiry = new PolicyExpiry(new Policy(new Duration(TimeUnit.MINUTES, 1), false));

        assertThat(expiry.creation()).isEqualTo(Lifetime.ofMillis(60_000));
        assertThat(expiry.update()).isEqualTo(Lifetime.ofMillis(60_000));
        assertThat(expiry.access()).isEqualTo(Lifetime.ofMillis(60_000));
        assertThat(new PolicyExpiry(new Policy(Duration.ZERO, false)).creation())
                .isEqualTo(Lifetime.OVER);
    }

    @Test
    void noAnswerLeavesTheDeadlineAndLetsANewEntryLiveForever() {
        PolicyExpiry expiry = new PolicyExpiry(new Policy(null, false));

        assertThat(expiry.creation()).isEqualTo(Lifetime.ETERNAL);
        assertThat(expiry.update()).isEqualTo(Lifetime.UNCHANGED);
        assertThat(expiry.access()).isEqualTo(Lifetime.UNCHANGED);
    }

    @Test
    void aPolicyThatFailsChangesNoDeadline() {
        PolicyExpiry expiry = new PolicyExpiry(new Policy(null, true));

        assertThat(expiry.creation()).isEqualTo(Lifetime.ETERNAL);
        assertThat(expiry.update()).isEqualTo(Lifetime.UNCHANGED);
        assertThat(expiry.access()).isEqualTo(Lifetime.UNCHANGED);
    }

    @Test
    void closeClosesThePolicy() {
        Policy policy = new Policy(null, false);
        new PolicyExpiry(policy).close();

        assertThat(policy.closed).isTrue();
    }
}
