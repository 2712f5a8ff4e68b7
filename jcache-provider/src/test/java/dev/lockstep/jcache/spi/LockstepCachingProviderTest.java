package dev.lockstep.jcache.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.OptionalFeature;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Managers by URI and class loader, as JSR-107's {@link javax.cache.spi.CachingProvider} describes them. */
class LockstepCachingProviderTest {

    private final LockstepCachingProvider provider = new LockstepCachingProvider();
    private final URLClassLoader otherLoader =
            new URLClassLoader(new URL[0], getClass().getClassLoader());
    private ListeningCluster cluster;

    @BeforeEach
    void listen() throws IOException {
        cluster = new ListeningCluster();
    }

    @AfterEach
    void close() throws IOException {
        System.clearProperty(LockstepCachingProvider.DEFAULT_URI_PROPERTY);
        provider.close();
        cluster.close();
        otherLoader.close();
    }

    private CacheManager open(ClassLoader loader) {
        return provider.getCacheManager(cluster.uri(), loader);
    }

    @Test
    void thereIsOneManagerForEachUriAndClassLoader() {
        CacheManager manager = open(null);

        assertThat(open(provider.getDefaultClassLoader())).isSameAs(manager);
        assertThat(open(otherLoader)).isNotSameAs(manager);
        assertThat(provider.getCacheManager(URI.create(cluster.uri() + "&connect-timeout=1s"), null))
                .isNotSameAs(manager);
        assertThat(manager.getURI()).isEqualTo(cluster.uri());
        assertThat(manager.getClassLoader()).isSameAs(provider.getDefaultClassLoader());
        assertThat(manager.getCachingProvider()).isSameAs(provider);
    }

    @Test
    void callersAtTheSameTimeGetTheSameManagerWhichIsOpenedOnce() {
        List<CompletableFuture<CacheManager>> callers = IntStream.range(0, 8)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> open(null)))
                .toList();

        assertThat(callers)
                .map(CompletableFuture::join)
                .containsOnly(callers.get(0).join());
        assertThat(cluster.sessions()).isEqualTo(1);
    }

    @Test
    void aManagerThatWasClosedIsReplacedByANewOne() {
        CacheManager first = open(null);
        first.close();

        assertThat(open(null))
                .isNotSameAs(first)
                .satisfies(second -> assertThat(second.isClosed()).isFalse());
    }

    @Test
    void closingIsOfOneManagerOrThoseOfAClassLoaderOrAll() {
        CacheManager manager = open(null);
        CacheManager another = provider.getCacheManager(URI.create(cluster.uri() + "&connect-timeout=1s"), null);
        CacheManager ofOther = open(otherLoader);

        provider.close(cluster.uri(), provider.getDefaultClassLoader());
        assertThat(List.of(manager.isClosed(), another.isClosed(), ofOther.isClosed()))
                .containsExactly(true, false, false);
        provider.close(otherLoader);
        assertThat(List.of(another.isClosed(), ofOther.isClosed())).containsExactly(false, true);
        provider.close();
        assertThat(another.isClosed()).isTrue();
    }

    @Test
    void theDefaultUriIsThatOfTheSystemProperty() {
        assertThat(provider.getDefaultURI()).isEqualTo(URI.create("lockstep:default"));
        assertThat(provider.isSupported(OptionalFeature.STORE_BY_REFERENCE)).isTrue();

        System.setProperty(
                LockstepCachingProvider.DEFAULT_URI_PROPERTY, cluster.uri().toString());
        assertThat(provider.getCacheManager().getURI()).isEqualTo(cluster.uri());
        assertThat(provider.isSupported(OptionalFeature.STORE_BY_REFERENCE))
                .as("of a client")
                .isFalse();
    }

    @Test
    void aFailureToOpenIsACacheExceptionAndNotRemembered() {
        Properties misspelt = new Properties();
        misspelt.setProperty("lockstep.marshaler", "com.example.Marshaller");
        assertThatThrownBy(() -> provider.getCacheManager(cluster.uri(), null, misspelt))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("lockstep.marshaller");
        assertThatThrownBy(() -> provider.getCacheManager(URI.create("lockstep://here?no-such=1"), null))
                .isInstanceOf(CacheException.class);
        assertThatThrownBy(() -> provider.getCacheManager(
                        URI.create(cluster.uri().toString().replace("/test", "/another")), null))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("another");

        assertThat(open(null).isClosed()).isFalse();
    }

    @Test
    void withoutANodeOnTheClassPathTheDependencyToAddIsNamed() {
        assertThatThrownBy(() -> provider.getCacheManager(URI.create("lockstep:local"), null))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("dev.lockstep:lockstep-node");
    }
}
