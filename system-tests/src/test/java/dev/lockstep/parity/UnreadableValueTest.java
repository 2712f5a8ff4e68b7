package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryEvent;
import javax.cache.event.CacheEntryRemovedListener;
import javax.cache.event.CacheEntryUpdatedListener;
import javax.cache.integration.CacheWriter;
import javax.cache.processor.EntryProcessorException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A value that its own class refuses to read spoils only reading it. */
class UnreadableValueTest {

    private CacheManager manager;

    private static final class Fragile implements Serializable {
        private static final long serialVersionUID = 1;
        private static volatile boolean broken;

        private void readObject(ObjectInputStream in) throws IOException {
            if (broken) {
                throw new IOException("broken");
            }
        }
    }

    private static final class Accepting implements CacheWriter<Object, Object> {

        @Override
        public void write(Cache.Entry<?, ?> entry) {
            assertThat(entry.getValue()).isNotNull();
        }

        @Override
        public void writeAll(Collection<Cache.Entry<?, ?>> entries) {
            entries.clear();
        }

        @Override
        public void delete(Object key) {
            assertThat(key).isNotNull();
        }

        @Override
        public void deleteAll(Collection<?> keys) {
            keys.clear();
        }
    }

    @BeforeEach
    void open() {
        Fragile.broken = false;
        manager = Caching.getCachingProvider().getCacheManager();
    }

    @AfterEach
    void close() {
        manager.getCacheNames().forEach(manager::destroyCache);
        Caching.getCachingProvider().close();
    }

    private Cache<String, Object> cache(boolean writeThrough) {
        MutableConfiguration<String, Object> configuration =
                new MutableConfiguration<String, Object>().setTypes(String.class, Object.class);
        if (writeThrough) {
            configuration.setWriteThrough(true).setCacheWriterFactory(Accepting::new);
        }
        return manager.createCache("values", configuration);
    }

    /** The cache with an unreadable value of "k", which the operation must end. */
    private void ends(Cache<String, Object> cache, String what, Consumer<Cache<String, Object>> operation) {
        Fragile.broken = false;
        cache.put("k", new Fragile());
        Fragile.broken = true;
        assertThatThrownBy(() -> cache.get("k"))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("broken");
        operation.accept(cache);
        Object now = cache.get("k");
        assertThat(now == null || now.equals("new")).as(what).isTrue();
    }

    private static void says(Runnable action) {
        assertThatThrownBy(action::run)
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("was changed")
                .hasMessageContaining("broken");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyMethodThatReplacesOrRemovesItDoes(boolean writeThrough) {
        Cache<String, Object> cache = cache(writeThrough);
        ends(cache, "put", c -> c.put("k", "new"));
        ends(cache, "putAll", c -> c.putAll(Map.of("k", "new", "l", "new")));
        ends(cache, "replace", c -> assertThat(c.replace("k", "new")).isTrue());
        ends(
                cache,
                "replace if equal",
                c -> assertThat(c.replace("k", new Fragile(), "new")).isTrue());
        ends(cache, "remove", c -> assertThat(c.remove("k")).isTrue());
        ends(
                cache,
                "remove if equal",
                c -> assertThat(c.remove("k", new Fragile())).isTrue());
        ends(cache, "removeAll of keys", c -> c.removeAll(Set.of("k")));
        ends(cache, "removeAll", Cache::removeAll);
        ends(cache, "clear", Cache::clear);
        ends(cache, "getAndPut", c -> says(() -> c.getAndPut("k", "new")));
        ends(cache, "getAndReplace", c -> says(() -> c.getAndReplace("k", "new")));
        ends(cache, "getAndRemove", c -> says(() -> c.getAndRemove("k")));
        ends(
                cache,
                "invoke that sets",
                c -> assertThat(c.<Boolean>invoke("k", (entry, none) -> {
                            boolean existed = entry.exists();
                            entry.setValue("new");
                            return existed;
                        }))
                        .isTrue());
        ends(
                cache,
                "invoke that removes",
                c -> c.invoke("k", (entry, none) -> {
                    entry.remove();
                    return null;
                }));
        Fragile.broken = false;
        cache.put("k", new Fragile());
        Fragile.broken = true;
        assertThat(cache.replace("k", "other", "new")).isFalse();
        assertThat(cache.putIfAbsent("k", "new")).isFalse();
        assertThat(cache.containsKey("k")).isTrue();
        assertThatThrownBy(() -> cache.invoke("k", (entry, none) -> entry.getValue()))
                .isInstanceOf(EntryProcessorException.class);
    }

    @Test
    void keysAreIteratedOverAndOnlyItsValueCannotBeAskedFor() {
        Cache<String, Object> cache = cache(false);
        cache.putAll(Map.of("k", new Fragile(), "good", "1"));
        Fragile.broken = true;
        List<String> keys = new ArrayList<>();
        for (Cache.Entry<String, Object> entry : cache) {
            keys.add(entry.getKey());
            if (entry.getKey().equals("k")) {
                assertThatThrownBy(entry::getValue).isInstanceOf(CacheException.class);
            } else {
                assertThat(entry.getValue()).isEqualTo("1");
            }
        }
        assertThat(keys).containsExactlyInAnyOrder("k", "good");
    }

    private interface Both
            extends CacheEntryUpdatedListener<String, Object>, CacheEntryRemovedListener<String, Object> {}

    @Test
    void aSynchronousListenerHearsOfItsEndWithoutTheOldValue() {
        Cache<String, Object> cache = cache(false);
        cache.put("k", new Fragile());
        cache.put("l", new Fragile());
        List<String> heard = new CopyOnWriteArrayList<>();
        cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<String, Object>(
                () -> new Both() {
                    @Override
                    public void onUpdated(Iterable<CacheEntryEvent<? extends String, ? extends Object>> events) {
                        events.forEach(event -> heard.add("" + event.getKey() + event.getValue()
                                + event.isOldValueAvailable() + event.getOldValue()));
                    }

                    @Override
                    public void onRemoved(Iterable<CacheEntryEvent<? extends String, ? extends Object>> events) {
                        events.forEach(event -> heard.add("" + event.getKey() + event.isOldValueAvailable()));
                    }
                },
                null,
                true,
                true));
        Fragile.broken = true;
        cache.put("k", "new");
        cache.remove("l");
        assertThat(heard).containsExactly("knewfalsenull", "lfalse");
    }

    @Test
    void differentStringsAreDifferentKeysValuesAndNames() {
        List<String> texts = List.of("\uD800", "\uD801", "?", "a\uD801", "\uFFFD", "\uDC00\uD800");
        for (String name : texts) {
            Cache<String, Object> cache = manager.createCache(
                    name, new MutableConfiguration<String, Object>().setTypes(String.class, Object.class));
            texts.forEach(text -> cache.put(text, text + name));
            texts.forEach(text -> assertThat(cache.get(text)).isEqualTo(text + name));
        }
        assertThat(manager.getCacheNames()).containsExactlyInAnyOrderElementsOf(texts);
    }
}
