package dev.lockstep.spring.boot4;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spring.boot.app.ShopApplication;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;

/** The health indicator of this line of Boot. */
class HealthTest {

    private static ConfigurableApplicationContext run(String... arguments) {
        return new SpringApplicationBuilder(ShopApplication.class)
                .web(WebApplicationType.NONE)
                .run(arguments);
    }

    @Test
    void aClusterThatAnswersIsUpAndOneThatIsGoneIsDown() {
        try (ConfigurableApplicationContext context = run()) {
            HealthIndicator indicator = context.getBean("lockstepHealthIndicator", HealthIndicator.class);
            Health health = indicator.health();
            assertThat(health.getStatus()).isEqualTo(Status.UP);
            assertThat(health.getDetails())
                    .containsEntry("uri", "lockstep:default")
                    .containsEntry("caches", 5)
                    .containsEntry("replicas", Map.of());
            context.getBean(javax.cache.CacheManager.class).close();
            assertThat(indicator.health().getStatus()).isEqualTo(Status.DOWN);
        }
    }

    @Test
    void healthCanBeDisabled() {
        try (ConfigurableApplicationContext context = run("--management.health.lockstep.enabled=false")) {
            assertThat(context.containsBean("lockstepHealthIndicator")).isFalse();
        }
    }
}
