package dev.lockstep.jcache.expiry;

import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import javax.cache.expiry.AccessedExpiryPolicy;
import javax.cache.expiry.CreatedExpiryPolicy;
import javax.cache.expiry.Duration;
import javax.cache.expiry.EternalExpiryPolicy;
import javax.cache.expiry.ExpiryPolicy;
import javax.cache.expiry.ModifiedExpiryPolicy;
import javax.cache.expiry.TouchedExpiryPolicy;
import org.jspecify.annotations.Nullable;

/** Turns the five standard expiry policies of JSR-107 into data that the shards evaluate. Pure. */
public final class ExpiryRules {

    private ExpiryRules() {}

    /** Returns whether a policy is one of the five, or a rule already, and so can be sent as data. */
    public static boolean isStandard(ExpiryPolicy policy) {
        Class<?> type = policy.getClass();
        return type == CreatedExpiryPolicy.class
                || type == ModifiedExpiryPolicy.class
                || type == AccessedExpiryPolicy.class
                || type == TouchedExpiryPolicy.class
                || type == EternalExpiryPolicy.class
                || type == RulePolicy.class;
    }

    /** @param policy a standard one */
    public static ExpiryRule of(ExpiryPolicy policy) {
        return new ExpiryRule(
                lifetime(policy.getExpiryForCreation()),
                lifetime(policy.getExpiryForUpdate()),
                lifetime(policy.getExpiryForAccess()));
    }

    static Lifetime lifetime(@Nullable Duration duration) {
        if (duration == null) {
            return Lifetime.UNCHANGED;
        }
        return duration.isEternal()
                ? Lifetime.ETERNAL
                : Lifetime.ofMillis(duration.getTimeUnit().toMillis(duration.getDurationAmount()));
    }
}
