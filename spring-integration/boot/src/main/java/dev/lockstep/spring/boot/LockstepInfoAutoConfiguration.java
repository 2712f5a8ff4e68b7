package dev.lockstep.spring.boot;

import dev.lockstep.spring.LockstepCacheManager;
import javax.cache.CacheManager;
import org.springframework.boot.actuate.autoconfigure.info.ConditionalOnEnabledInfoContributor;
import org.springframework.boot.actuate.info.InfoContributor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The part {@code lockstep} of the endpoint {@code info}, where the actuator is. */
@AutoConfiguration(
        afterName = {
            "dev.lockstep.spring.boot3.LockstepCacheAutoConfiguration",
            "dev.lockstep.spring.boot4.LockstepCacheAutoConfiguration"
        })
@ConditionalOnClass({ConditionalOnEnabledInfoContributor.class, InfoContributor.class})
@ConditionalOnEnabledInfoContributor("lockstep")
@ConditionalOnBean(LockstepCacheManager.class)
public class LockstepInfoAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean(name = "lockstepInfoContributor")
    InfoContributor lockstepInfoContributor(CacheManager jcache) {
        return new LockstepInfoContributor(jcache);
    }
}
