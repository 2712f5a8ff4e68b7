package dev.lockstep.jcache.expiry;

import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import javax.cache.CacheException;
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

    /** @throws CacheException for a policy of the application's own: those are not supported yet */
    public static ExpiryRule of(ExpiryPolicy policy) {
        Class<?> type = policy.getClass();
        if (type != CreatedExpiryPolicy.class
                && type != ModifiedExpiryPolicy.class
                && type != AccessedExpiryPolicy.class
                && type != TouchedExpiryPolicy.class
                && type != EternalExpiryPolicy.class) {
            throw new CacheException("The expiry policy " + type.getName() + " is not one of JSR-107's five;"
                    + " others are not supported yet");
        }
        return new ExpiryRule(
                lifetime(policy.getExpiryForCreation()),
                lifetime(policy.getExpiryForUpdate()),
                lifetime(policy.getExpiryForAccess()));
    }

    private static Lifetime lifetime(@Nullable Duration duration) {
        if (duration == null) {
            return Lifetime.UNCHANGED;
        }
        return duration.isEternal()
                ? Lifetime.ETERNAL
                : Lifetime.ofMillis(duration.getTimeUnit().toMillis(duration.getDurationAmount()));
    }
}
