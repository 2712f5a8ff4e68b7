package dev.lockstep.jcache.expiry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import java.util.concurrent.TimeUnit;
import javax.cache.expiry.Duration;
import org.junit.jupiter.api.Test;

/** The answers of a cache's rule in the terms of JSR-107's {@link javax.cache.expiry.ExpiryPolicy}. */
class RulePolicyTest {

    @Test
    void eachQuestionIsAnsweredByItsOwnLifetime() {
        RulePolicy policy =
                new RulePolicy(new ExpiryRule(Lifetime.ofMillis(1), Lifetime.ofMillis(2), Lifetime.ofMillis(3)));

        assertThat(policy.getExpiryForCreation()).isEqualTo(new Duration(TimeUnit.MILLISECONDS, 1));
        assertThat(policy.getExpiryForUpdate()).isEqualTo(new Duration(TimeUnit.MILLISECONDS, 2));
        assertThat(policy.getExpiryForAccess()).isEqualTo(new Duration(TimeUnit.MILLISECONDS, 3));
    }

    @Test
    void aLifetimeThatIsLeftAsItIsIsNull() {
        assertThat(new RulePolicy(ExpiryRule.ETERNAL).getExpiryForUpdate()).isNull();
    }

    @Test
    void eternalAndZeroAreTheConstantsOfJsr107() {
        RulePolicy policy = new RulePolicy(new ExpiryRule(Lifetime.ETERNAL, Lifetime.OVER, Lifetime.UNCHANGED));

        assertThat(policy.getExpiryForCreation()).isEqualTo(Duration.ETERNAL);
        assertThat(policy.getExpiryForUpdate()).isEqualTo(Duration.ZERO);
    }
}
