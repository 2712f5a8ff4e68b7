package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.expiry.Expiry;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.expiry.Duration;
import javax.cache.expiry.EternalExpiryPolicy;
import javax.cache.expiry.ExpiryPolicy;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheWriter;
import org.junit.jupiter.api.Test;

class ApplicationCodeTest {

    private final List<String> closed = new ArrayList<>();
    private final MutableConfiguration<String, Object> configuration = new MutableConfiguration<>();

    private final class Loader implements CacheLoader<String, Object>, Closeable {
        @Override
        public Object load(String key) {
            return key;
        }

        @Override
        public Map<String, Object> loadAll(Iterable<? extends String> keys) {
            return Map.of();
        }

        @Override
        public void close() {
            closed.add("loader");
            throw new IllegalStateException("the loader does not want to");
        }
    }

    private final class Writer implements CacheWriter<String, Object>, Closeable {
        @Override
        public void write(Cache.Entry<? extends String, ?> entry) {}

        @Override
        public void writeAll(Collection<Cache.Entry<? extends String, ?>> entries) {}

        @Override
        public void delete(Object key) {}

        @Override
        public void deleteAll(Collection<?> keys) {}

        @Override
        public void close() {
            closed.add("writer");
        }
    }

    private final class Policy implements ExpiryPolicy, Closeable {
        @Override
        public Duration getExpiryForCreation() {
            return Duration.ETERNAL;
        }

        @Override
        public Duration getExpiryForAccess() {
            return Duration.ETERNAL;
        }

        @Override
        public Duration getExpiryForUpdate() {
            return Duration.ETERNAL;
        }

        @Override
        public void close() {
            closed.add("policy");
        }
    }

    private final class Listener implements CacheEntryCreatedListener<String, Object>, Closeable {
        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends String, ?>> events) {}

        @Override
        public void close() {
            closed.add("listener");
        }
    }

    private ApplicationCode<String, Object> code() {
        return new ApplicationCode<>("prices", configuration);
    }

    private void configureEverything() {
        configuration
                .setExpiryPolicyFactory(Policy::new)
                .setReadThrough(true)
                .setCacheLoaderFactory(Loader::new)
                .setWriteThrough(true)
                .setCacheWriterFactory(Writer::new)
                .addCacheEntryListenerConfiguration(
                        new MutableCacheEntryListenerConfiguration<>(Listener::new, null, false, false));
    }

    @Test
    void closeClosesEverythingOnceEvenIfSomeOfItFails() {
        configureEverything();
        ApplicationCode<String, Object> code = code();
        code.close();
        code.close();

        assertThat(closed).containsExactlyInAnyOrder("policy", "loader", "writer", "listener");
    }

    @Test
    void aFactoryThatFailsClosesWhatTheOthersCreatedAndIsNamed() {
        configureEverything();
        configuration.addCacheEntryListenerConfiguration(new MutableCacheEntryListenerConfiguration<>(
                () -> {
                    throw new IllegalArgumentException("no such topic");
                },
                null,
                false,
                true));

        assertThatThrownBy(this::code)
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("Cache prices can't be created")
                .hasMessageContaining("listener")
                .hasMessageContaining("no such topic");
        assertThat(closed).contains("policy", "loader", "writer");
    }

    @Test
    void aFactoryThatReturnsNullIsRefused() {
        configuration.setWriteThrough(true).setCacheWriterFactory(() -> null);

        assertThatThrownBy(this::code).isInstanceOf(CacheException.class).hasMessageContaining("writer");
    }

    @Test
    void aWriterIsCreatedForWriteThroughAloneAndALoaderAlsoForLoadAll() {
        configureEverything();
        configuration.setReadThrough(false).setWriteThrough(false);
        ApplicationCode<String, Object> code = code();

        assertThat(code.writer()).isNull();
        assertThat(code.loader()).isNotNull();
        assertThat(code.loader().onMiss()).isFalse();
        configuration.setReadThrough(true).setWriteThrough(true);
        assertThat(code().writer()).isNotNull();
        assertThat(code().loader().onMiss()).isTrue();
    }

    @Test
    void aStandardPolicyIsLeftToTheShardsAndAnotherIsAsked() {
        configuration.setExpiryPolicyFactory(EternalExpiryPolicy::new);
        assertThat(code().expiry()).isSameAs(Expiry.BY_RULE);

        configuration.setExpiryPolicyFactory(Policy::new);
        assertThat(code().expiry().isCustom()).isTrue();
    }
}
