package dev.lockstep.spring.boot3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.app.ShopApplication;
import javax.cache.CacheManager;
import javax.cache.configuration.MutableConfiguration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.cache.CacheManagerCustomizer;
import org.springframework.boot.autoconfigure.cache.JCacheManagerCustomizer;
import org.springframework.boot.autoconfigure.cache.JCachePropertiesCustomizer;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cache.Cache;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The customizers of this line of Boot. */
class CustomizersTest {

    @Configuration
    static class Customizers {

        @Bean
        JCachePropertiesCustomizer ofProperties() {
            return properties -> properties.setProperty("seen", "yes");
        }

        @Bean
        JCacheManagerCustomizer ofJcache() {
            return manager -> manager.createCache(
                    "typed", new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class));
        }

        @Bean
        CacheManagerCustomizer<LockstepCacheManager> ofSprings() {
            return manager -> manager.setAllowNullValues(false);
        }
    }

    @Test
    void allOfThemAreCalledAndACacheThatOneCreatesIsUsedAsItIs() {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(
                        ShopApplication.class, Customizers.class)
                .web(WebApplicationType.NONE)
                .run("--spring.cache.cache-names=prices")) {
            LockstepCacheManager manager = context.getBean(LockstepCacheManager.class);
            Cache typed = manager.getCache("typed");
            typed.put("a", 1);
            assertThatThrownBy(() -> typed.put("a", "text")).isInstanceOf(ClassCastException.class);
            assertThatThrownBy(() -> manager.getCache("prices").put("a", null))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(manager.getCache("others")).isNull();
            assertThat(context.getBean(CacheManager.class).getProperties()).containsEntry("seen", "yes");
        }
    }
}
