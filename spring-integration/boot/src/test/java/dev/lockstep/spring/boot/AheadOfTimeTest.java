package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.reflection;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.resource;

import dev.lockstep.jcache.spi.LockstepCachingProvider;
import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.app.Shop;
import dev.lockstep.spring.boot.app.ShopApplication;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.cache.interceptor.SimpleKey;
import org.springframework.cache.support.NullValue;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;
import org.springframework.core.test.tools.TestCompiler;

/**
 * The part of a native image that can be tested without building one: Boot's processing, and the context that comes
 * of it.
 */
@Tag("slow")
@Timeout(300)
class AheadOfTimeTest {

    @Test
    @CompileWithForkedClassLoader
    @SuppressWarnings("unchecked")
    void theContextThatIsGeneratedCaches() {
        AnnotationConfigApplicationContext source = new AnnotationConfigApplicationContext();
        source.register(ShopApplication.class);
        TestGenerationContext generation = new TestGenerationContext();
        String initializer = new ApplicationContextAotGenerator()
                .processAheadOfTime(source, generation)
                .canonicalName();
        generation.writeGeneratedContent();
        TestCompiler.forSystem().with(generation).compile(compiled -> {
            try (GenericApplicationContext context = new GenericApplicationContext()) {
                context.setClassLoader(compiled.getClassLoader());
                compiled.getInstance(ApplicationContextInitializer.class, initializer)
                        .initialize(context);
                context.refresh();
                Shop shop = context.getBean(Shop.class);
                assertThat(shop.price("tea")).isEqualTo(shop.price("tea")).isEqualTo(1);
                assertThat(context.getBean(LockstepCacheManager.class).getCacheNames())
                        .containsExactlyInAnyOrder("later", "plain", "prices", "stock", "synced");
            }
        });
        expectHints(generation.getRuntimeHints());
    }

    private static void expectHints(RuntimeHints hints) {
        assertThat(resource().forResource("lockstep.yaml")).accepts(hints);
        assertThat(resource().forResource("META-INF/services/javax.cache.spi.CachingProvider"))
                .accepts(hints);
        assertThat(resource().forResource("META-INF/services/dev.lockstep.protocol.link.EmbeddedNode$Provider"))
                .accepts(hints);
        assertThat(reflection().onType(LockstepCachingProvider.class)).accepts(hints);
        assertThat(hints.serialization().javaSerializationHints())
                .extracting(hint -> hint.getType().getName())
                .contains(NullValue.class.getName(), SimpleKey.class.getName());
    }
}
