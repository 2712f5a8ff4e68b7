package dev.lockstep.spring.boot;

import dev.lockstep.spring.LockstepCacheManager;
import javax.cache.CacheManager;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The endpoint {@code lockstep}, where the actuator is. */
@AutoConfiguration(
        afterName = {
            "dev.lockstep.spring.boot3.LockstepCacheAutoConfiguration",
            "dev.lockstep.spring.boot4.LockstepCacheAutoConfiguration"
        })
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnAvailableEndpoint(LockstepEndpoint.class)
@ConditionalOnBean(LockstepCacheManager.class)
public class LockstepEndpointAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    LockstepEndpoint lockstepEndpoint(CacheManager jcache, LockstepCacheManager manager) {
        return new LockstepEndpoint(jcache, manager);
    }
}
