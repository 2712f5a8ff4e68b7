package dev.lockstep.jcache.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheLoaderException;
import org.junit.jupiter.api.Test;

/** Loading as JSR-107's {@link CacheLoader} describes it: failures are {@link CacheLoaderException}s, null is no value. */
class ReadThroughTest {

    private static final class Database implements CacheLoader<String, String>, Closeable {

        private final Map<String, String> rows = new HashMap<>();
        private Throwable failure;
        private int closed;

        @Override
        public String load(String key) {
            fail();
            return rows.get(key);
        }

        @Override
        public Map<String, String> loadAll(Iterable<? extends String> keys) {
            fail();
            Map<String, String> found = new HashMap<>();
            keys.forEach(key -> found.put(key, rows.get(key)));
            return found;
        }

        private void fail() {
            if (failure instanceof RuntimeException unchecked) {
                throw unchecked;
            } else if (failure instanceof Error error) {
                throw error;
            }
        }

        @Override
        public void close() throws IOException {
            closed++;
            throw new IOException("the database is gone");
        }
    }

    private final Database database = new Database();
    private final ReadThrough<String, String> loader = new ReadThrough<>(database, true);

    @Test
    void keysWithoutAValueAreLeftOut() {
        database.rows.put("a", "1");

        assertThat(loader.load("a")).isEqualTo("1");
        assertThat(loader.load("absent")).isNull();
        assertThat(loader.loadAll(List.of("a", "absent"))).isEqualTo(Map.of("a", "1"));
    }

    @Test
    void anyFailureBecomesACacheLoaderException() {
        database.failure = new IllegalStateException("no connection");
        assertThatThrownBy(() -> loader.load("a"))
                .isInstanceOf(CacheLoaderException.class)
                .hasCause(database.failure);
        assertThatThrownBy(() -> loader.loadAll(List.of("a")))
                .isInstanceOf(CacheLoaderException.class)
                .hasCause(database.failure);

        database.failure = new AssertionError("a bug");
        assertThatThrownBy(() -> loader.load("a")).isInstanceOf(CacheLoaderException.class);
    }

    @Test
    void aCacheLoaderExceptionIsNotWrapped() {
        database.failure = new CacheLoaderException("known");

        assertThatThrownBy(() -> loader.load("a")).isSameAs(database.failure);
        assertThatThrownBy(() -> loader.loadAll(List.of("a"))).isSameAs(database.failure);
    }

    @Test
    void aLoaderThatReturnsNoMapFails() {
        ReadThrough<String, String> broken = new ReadThrough<>(
                new CacheLoader<>() {
                    @Override
                    public String load(String key) {
                        return key;
                    }

                    @Override
                    public Map<String, String> loadAll(Iterable<? extends String> keys) {
                        return null;
                    }
                },
                true);

        assertThatThrownBy(() -> broken.loadAll(List.of("a"))).isInstanceOf(CacheLoaderException.class);
    }

    @Test
    void closeClosesALoaderThatCanBeClosedAndOutlivesItsFailure() {
        loader.close();

        assertThat(database.closed).isEqualTo(1);
    }
}
