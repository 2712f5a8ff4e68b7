package dev.lockstep.jcache.expiry;

import dev.lockstep.protocol.wire.Lifetime;
import java.io.Closeable;
import java.io.IOException;
import java.util.function.Supplier;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ExpiryPolicy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The expiry of a policy of the application's own. A policy that fails changes nothing: a new entry never expires, another keeps its deadline.
 * Thread-safe if the policy is.
 */
public final class PolicyExpiry implements Expiry {

    private static final Logger LOG = LoggerFactory.getLogger(PolicyExpiry.class);

    private final ExpiryPolicy policy;

    public PolicyExpiry(ExpiryPolicy policy) {
        this.policy = policy;
    }

    @Override
    public boolean isCustom() {
        return true;
    }

    @Override
    public Lifetime creation() {
        Lifetime asked = ask(policy::getExpiryForCreation);
        return asked.equals(Lifetime.UNCHANGED) ? Lifetime.ETERNAL : asked;
    }

    @Override
    public Lifetime update() {
        return ask(policy::getExpiryForUpdate);
    }

    @Override
    public Lifetime access() {
        return ask(policy::getExpiryForAccess);
    }

    private Lifetime ask(Supplier<@Nullable Duration> question) {
        try {
            return ExpiryRules.lifetime(question.get());
        } catch (RuntimeException failure) {
            LOG.warn(
                    "The expiry policy {} failed; the entry keeps its deadline, and a new entry never expires",
                    policy.getClass().getName(),
                    failure);
            return Lifetime.UNCHANGED;
        }
    }

    @Override
    public void close() {
        if (policy instanceof Closeable closeable) {
            try {
                closeable.close();
            } catch (IOException failure) {
                LOG.warn(
                        "The expiry policy {} could not be closed",
                        policy.getClass().getName(),
                        failure);
            }
        }
    }
}
