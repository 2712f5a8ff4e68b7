package dev.lockstep.jcache.expiry;

import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import java.util.concurrent.TimeUnit;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ExpiryPolicy;
import org.jspecify.annotations.Nullable;

/** A rule as a policy, for the configuration of a cache that another client created. Immutable. */
public record RulePolicy(ExpiryRule rule) implements ExpiryPolicy {

    @Override
    public @Nullable Duration getExpiryForCreation() {
        return duration(rule.creation());
    }

    @Override
    public @Nullable Duration getExpiryForAccess() {
        return duration(rule.access());
    }

    @Override
    public @Nullable Duration getExpiryForUpdate() {
        return duration(rule.update());
    }

    private static @Nullable Duration duration(Lifetime lifetime) {
        if (lifetime.equals(Lifetime.UNCHANGED)) {
            return null;
        }
        return lifetime.equals(Lifetime.ETERNAL)
                ? Duration.ETERNAL
                : new Duration(TimeUnit.MILLISECONDS, lifetime.millis());
    }
}
