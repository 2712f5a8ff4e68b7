package dev.lockstep.spring.boot;

import dev.lockstep.jcache.spi.LockstepCachingProvider;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.StringUtils;

/**
 * Matches if Boot's own properties leave room for Lockstep: no other type of cache, and no other provider of JCache.
 * Stateless.
 */
public final class OnLockstepCondition extends SpringBootCondition {

    private static final String TYPE = "spring.cache.type";
    private static final String PROVIDER = "spring.cache.jcache.provider";

    @Override
    public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
        Environment environment = context.getEnvironment();
        ConditionMessage.Builder message = ConditionMessage.forCondition("Lockstep");
        String type = environment.getProperty(TYPE, "");
        if (StringUtils.hasText(type) && !type.equalsIgnoreCase("jcache")) {
            return ConditionOutcome.noMatch(message.because(TYPE + " is " + type));
        }
        String provider = environment.getProperty(PROVIDER, "");
        if (StringUtils.hasText(provider) && !provider.equals(LockstepCachingProvider.class.getName())) {
            return ConditionOutcome.noMatch(message.because(PROVIDER + " is " + provider));
        }
        return ConditionOutcome.match(message.because("neither " + TYPE + " nor " + PROVIDER + " says otherwise"));
    }
}
