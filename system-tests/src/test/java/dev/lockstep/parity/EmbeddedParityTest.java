package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.LockstepCacheException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.Cache;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.event.CacheEntryUpdatedListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The parity suite on the single node in memory. */
@Tag("slow")
class EmbeddedParityTest extends LeaseParity {

    @Override
    URI uri() {
        return URI.create("lockstep:local");
    }

    @Test
    void asynchronousOperationsAreBounded() {
        LockstepCache<String, Integer> cache = cache("bounded", types());
        // Writes wait for it, behind the processor; without it they are done when they return.
        cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<>(
                () -> (CacheEntryUpdatedListener<String, Integer>) changes -> {}, null, false, true));
        CountDownLatch go = new CountDownLatch(1);
        List<CompletableFuture<?>> stages = new ArrayList<>();
        stages.add(cache.async()
                .invoke("a", (entry, arguments) -> {
                    await(go);
                    return 0;
                })
                .toCompletableFuture());
        for (int i = 1; i < 10_000; i++) {
            stages.add(cache.async().put("a", i).toCompletableFuture());
        }
        assertThatThrownBy(() -> end(cache.async().put("a", -1)))
                .isInstanceOfSatisfying(
                        LockstepCacheException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(LockstepCacheException.Kind.TRANSIENT));
        go.countDown();
        stages.forEach(AsyncParity::end);
        end(cache.async().put("a", 10_000));
        assertThat(cache.get("a")).isEqualTo(10_000);
    }

    @Test
    void changesThatWaitForAListenerAreBoundedAndItHearsTheNextOnesAfterAGap() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        Slow slow = new Slow(go);
        Cache<String, String> cache = large("far behind", slow);
        for (int i = 0; i < 500; i++) {
            cache.put("key-" + i, LARGE);
        }
        go.countDown();
        AtomicInteger number = new AtomicInteger();
        Eventually.holds("it hears again", () -> {
            cache.put("next-" + number.incrementAndGet(), "");
            return slow.keys.stream().anyMatch(key -> key.startsWith("next"));
        });
        List<String> heard =
                slow.keys.stream().filter(key -> key.startsWith("key")).toList();
        assertThat(heard).doesNotHaveDuplicates().hasSizeBetween(160, 340);
    }
}
