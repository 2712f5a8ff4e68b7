package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.spi.LockstepCachingProvider;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Isolation of applications that share a provider or a CacheManager. */
class ProvidingTest {

    private final LockstepCachingProvider provider = new LockstepCachingProvider();

    @AfterEach
    void close() {
        provider.close();
    }

    private @Nullable Thread opener;

    /** A CacheManager that another thread asks for. */
    private CompletableFuture<CacheManager> begun(URI uri) {
        CompletableFuture<CacheManager> manager = new CompletableFuture<>();
        opener = new Thread(
                () -> {
                    try {
                        manager.complete(provider.getCacheManager(uri, null));
                    } catch (RuntimeException failure) {
                        manager.completeExceptionally(failure);
                    }
                },
                "opener");
        opener.start();
        return manager;
    }

    @Test
    void aManagerThatWaitsForASilentClusterHoldsUpNoneOfAnotherUri() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            URI uri = URI.create("lockstep://127.0.0.1:" + silent.getLocalPort() + "?timeout=20s");
            CompletableFuture<CacheManager> waiting = begun(uri);
            silent.accept();
            CompletableFuture<CacheManager> alike = begun(uri);
            CacheManager other = provider.getCacheManager(URI.create("lockstep:local"), null);
            other.createCache("a", new MutableConfiguration<String, String>()).put("a", "1");
            assertThat(waiting).isNotDone();
            assertThat(alike).isNotDone();
            provider.close(URI.create("lockstep:local"), null);
            assertThat(other.isClosed()).isTrue();
            assertThat(waiting).isNotDone();
        }
    }

    @Test
    void aMemberThatWaitsForTheOthersHoldsUpNoOtherMember(@TempDir Path folder) throws Exception {
        Path lonely = member(folder, "lonely", MemberPorts.reserve(3));
        Path alone = member(folder, "alone", MemberPorts.reserve(1));
        CompletableFuture<CacheManager> waiting = begun(lonely.toUri());
        Eventually.holds("it is being started", ProvidingTest::isStarting);
        CacheManager other = provider.getCacheManager(alone.toUri(), null);
        other.createCache("a", new MutableConfiguration<String, String>()).put("a", "1");
        assertThat(waiting).isNotDone();
        opener.interrupt();
        assertThatThrownBy(waiting::join).isInstanceOf(CompletionException.class);
    }

    private static boolean isStarting() {
        return Thread.getAllStackTraces().entrySet().stream()
                .flatMap(thread -> List.of(thread.getValue()).stream())
                .anyMatch(frame -> frame.getClassName().endsWith("NodeProvider"));
    }

    private static Path member(Path folder, String name, List<MemberPorts> members) throws IOException {
        Path home = Files.createDirectory(folder.resolve(name));
        return Files.writeString(
                home.resolve("lockstep.yaml"), NodeProcesses.configuration("n1", members, "shards: 1"));
    }

    @Test
    void managersOfOneUriThatAreAskedForTogetherAreOne() {
        List<CompletableFuture<CacheManager>> managers = List.of(
                begun(URI.create("lockstep:local")),
                begun(URI.create("lockstep:local")),
                begun(URI.create("lockstep:local")));
        assertThat(managers.stream().map(CompletableFuture::join).distinct()).hasSize(1);
    }

    /** Loads a class of its own from this class's bytes, as a web application does. */
    private static final class Application extends ClassLoader {

        Application() {
            super(ProvidingTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.equals(Using.class.getName())) {
                return super.loadClass(name, resolve);
            }
            Class<?> known = findLoadedClass(name);
            if (known != null) {
                return known;
            }
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException failure) {
                throw new ClassNotFoundException(name, failure);
            }
        }
    }

    /** An application that is the first to use a manager. */
    public static final class Using implements Consumer<Runnable> {

        private static final InheritableThreadLocal<Object> INHERITED = new InheritableThreadLocal<>();

        @Override
        public void accept(Runnable use) {
            INHERITED.set(this);
            use.run();
            INHERITED.remove();
        }
    }

    private void use(URI uri) {
        CacheManager manager = provider.getCacheManager(uri, null);
        Cache<String, String> cache = manager.createCache(
                "used-" + System.nanoTime(), new MutableConfiguration<String, String>().setStatisticsEnabled(true));
        CacheEntryCreatedListener<String, String> listener = events -> {};
        for (boolean synchronous : List.of(true, false)) {
            cache.registerCacheEntryListener(
                    new MutableCacheEntryListenerConfiguration<>(() -> listener, null, false, synchronous));
        }
        for (int i = 0; i < 50; i++) {
            cache.put("key-" + i, "value");
            cache.get("key-" + i);
        }
        cache.unwrap(LockstepCache.class)
                .async()
                .put("b", "2")
                .toCompletableFuture()
                .join();
        cache.invoke("b", (entry, arguments) -> entry.getValue());
    }

    private void leavesNothing(URI uri) throws Exception {
        WeakReference<ClassLoader> application = used(uri);
        Eventually.holds("the application's class loader is collected", () -> {
            System.gc();
            return application.get() == null;
        });
        use(uri);
    }

    private WeakReference<ClassLoader> used(URI uri) throws Exception {
        Application loader = new Application();
        @SuppressWarnings("unchecked")
        Consumer<Runnable> using = (Consumer<Runnable>)
                loader.loadClass(Using.class.getName()).getDeclaredConstructor().newInstance();
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread first = new Thread(() -> {
            try {
                using.accept(() -> use(uri));
                done.complete(null);
            } catch (Throwable failure) {
                done.completeExceptionally(failure);
            }
        });
        first.setContextClassLoader(loader);
        first.start();
        done.get(60, TimeUnit.SECONDS);
        first.join();
        return new WeakReference<>(loader);
    }

    @Test
    void theFirstApplicationThatUsesANodeInMemoryCanBeUnloaded() throws Exception {
        leavesNothing(URI.create("lockstep:local"));
    }

    @Test
    void theFirstApplicationThatUsesAMemberCanBeUnloadedAndSoCanThatOfAClient(@TempDir Path folder) throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(1);
        Path member = member(folder, "member", members);
        leavesNothing(member.toUri());
        leavesNothing(URI.create("lockstep://127.0.0.1:" + members.get(0).port() + "/processes"));
    }
}
