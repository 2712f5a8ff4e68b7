package dev.lockstep.jcache.expiry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import java.util.concurrent.TimeUnit;
import javax.cache.expiry.AccessedExpiryPolicy;
import javax.cache.expiry.CreatedExpiryPolicy;
import javax.cache.expiry.Duration;
import javax.cache.expiry.EternalExpiryPolicy;
import javax.cache.expiry.ExpiryPolicy;
import javax.cache.expiry.ModifiedExpiryPolicy;
import javax.cache.expiry.TouchedExpiryPolicy;
import org.junit.jupiter.api.Test;

class ExpiryRulesTest {

    private static final Duration TWO_SECONDS = new Duration(TimeUnit.SECONDS, 2);
    private static final Lifetime LIFETIME = Lifetime.ofMillis(2_000);

    @Test
    void theStandardPoliciesBecomeRules() {
        assertThat(ExpiryRules.of(new EternalExpiryPolicy())).isEqualTo(ExpiryRule.ETERNAL);
        assertThat(ExpiryRules.of(new CreatedExpiryPolicy(TWO_SECONDS)))
                .isEqualTo(new ExpiryRule(LIFETIME, Lifetime.UNCHANGED, Lifetime.UNCHANGED));
        assertThat(ExpiryRules.of(new ModifiedExpiryPolicy(TWO_SECONDS)))
                .isEqualTo(new ExpiryRule(LIFETIME, LIFETIME, Lifetime.UNCHANGED));
        assertThat(ExpiryRules.of(new AccessedExpiryPolicy(TWO_SECONDS)))
                .isEqualTo(new ExpiryRule(LIFETIME, Lifetime.UNCHANGED, LIFETIME));
        assertThat(ExpiryRules.of(new TouchedExpiryPolicy(TWO_SECONDS)))
                .isEqualTo(new ExpiryRule(LIFETIME, LIFETIME, LIFETIME));
    }

    @Test
    void aPolicyOfTheApplicationIsNotStandard() {
        ExpiryPolicy own = (ExpiryPolicy) java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ExpiryPolicy.class}, (proxy, method, arguments) -> null);

        assertThat(ExpiryRules.isStandard(own)).isFalse();
        assertThat(ExpiryRules.isStandard(new CreatedExpiryPolicy(TWO_SECONDS))).isTrue();
    }

    @Test
    void aRuleShownAsAPolicyIsTheSameRuleAgain() {
        ExpiryRule rule = new ExpiryRule(Lifetime.ETERNAL, LIFETIME, Lifetime.UNCHANGED);

        assertThat(ExpiryRules.isStandard(new RulePolicy(rule))).isTrue();
        assertThat(ExpiryRules.of(new RulePolicy(rule))).isEqualTo(rule);
    }
}
