package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.annotation.CacheRemove;
import javax.cache.annotation.CacheResult;
import javax.cache.configuration.MutableConfiguration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.cache.Cache;
import org.springframework.cache.annotation.CacheEvict;
import org.springframework.cache.annotation.CachePut;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.cache.jcache.JCacheCacheManager;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;

/** Spring's own JCacheCacheManager, with nothing of ours. */
@InEachTopology
class SpringClient {

    private static final String BOOKS = "books";

    private final JCacheCacheManager manager;
    private final AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
    private final Books books;

    SpringClient(Topology topology) {
        if (topology.manager().getCache(BOOKS) == null) {
            topology.manager().createCache(BOOKS, new MutableConfiguration<Object, Object>());
        }
        topology.manager().getCache(BOOKS).clear();
        manager = new JCacheCacheManager(topology.manager());
        context.registerBean("cacheManager", JCacheCacheManager.class, () -> manager);
        context.register(App.class, Books.class);
        context.refresh();
        books = context.getBean(Books.class);
    }

    @AfterEach
    void stop() {
        context.close();
    }

    @Configuration
    @EnableCaching
    static class App {}

    /** Counts how often it is asked. */
    static class Books {
        private final AtomicInteger asked = new AtomicInteger();

        public int asked() {
            return asked.get();
        }

        @Cacheable(BOOKS)
        public String title(String isbn) {
            return "title " + asked.incrementAndGet();
        }

        @Cacheable(cacheNames = BOOKS, sync = true)
        public String titleOnce(String isbn) {
            return "title " + asked.incrementAndGet();
        }

        @Cacheable(BOOKS)
        public @Nullable String unknown(String isbn) {
            asked.incrementAndGet();
            return null;
        }

        @CachePut(cacheNames = BOOKS, key = "#isbn")
        public String correct(String isbn, String title) {
            return title;
        }

        @CacheEvict(BOOKS)
        public void forget(String isbn) {}

        @CacheEvict(cacheNames = BOOKS, allEntries = true)
        public void forgetAll() {}

        @CacheResult(cacheName = BOOKS)
        public String byTheStandard(String isbn) {
            return "title " + asked.incrementAndGet();
        }

        @CacheRemove(cacheName = BOOKS)
        public void removeByTheStandard(String isbn) {}
    }

    @Test
    void aCachedResultIsNotComputedAgain() {
        assertThat(books.title("1")).isEqualTo("title 1");
        assertThat(books.title("1")).isEqualTo("title 1");
        books.correct("1", "corrected");
        assertThat(books.title("1")).isEqualTo("corrected");
        books.forget("1");
        assertThat(books.title("1")).isEqualTo("title 2");
        books.forgetAll();
        assertThat(books.title("1")).isEqualTo("title 3");
    }

    @Test
    void synchronizedCallersShareOneAnswer() throws InterruptedException {
        Thread[] callers = new Thread[8];
        for (int i = 0; i < callers.length; i++) {
            callers[i] = new Thread(() -> books.titleOnce("1"));
            callers[i].start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        assertThat(books.asked()).isEqualTo(1);
    }

    @Test
    void nothingIsAnAnswerToo() {
        assertThat(books.unknown("1")).isNull();
        assertThat(books.unknown("1")).isNull();
        assertThat(books.asked()).isEqualTo(1);
    }

    @Test
    void annotationsOfTheStandardWork() {
        assertThat(books.byTheStandard("1")).isEqualTo("title 1");
        assertThat(books.byTheStandard("1")).isEqualTo("title 1");
        books.removeByTheStandard("1");
        assertThat(books.byTheStandard("1")).isEqualTo("title 2");
    }

    @Test
    void itsCacheIsUsedDirectly() {
        Cache cache = manager.getCache(BOOKS);
        cache.put("a", 1);
        assertThat(cache.get("a", Integer.class)).isEqualTo(1);
        assertThat(cache.putIfAbsent("a", 2).get()).isEqualTo(1);
        assertThat(cache.evictIfPresent("a")).isTrue();
        assertThat(cache.evictIfPresent("a")).isFalse();
        assertThat(cache.get("b", () -> "loaded")).isEqualTo("loaded");
        assertThat(cache.invalidate()).isTrue();
        assertThat(cache.get("b")).isNull();
    }
}
