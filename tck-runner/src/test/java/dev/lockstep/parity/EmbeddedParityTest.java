package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.cache.LockstepCache;
import dev.lockstep.jcache.cache.LockstepCacheException;
import dev.lockstep.protocol.wire.Status;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import javax.cache.CacheManager;
import javax.cache.Caching;
import org.junit.jupiter.api.Test;

/** On the single node in memory. */
class EmbeddedParityTest extends AsyncParity {

    @Override
    CacheManager open() {
        return Caching.getCachingProvider().getCacheManager(URI.create("lockstep:local"), null);
    }

    @Test
    void operationsThatNobodyWaitsForAreBounded() {
        LockstepCache<String, Integer> cache = cache("bounded", types());
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
                        refused -> assertThat(refused.kind()).isEqualTo(Status.Kind.TRANSIENT));
        go.countDown();
        stages.forEach(AsyncParity::end);
        end(cache.async().put("a", 10_000));
        assertThat(cache.get("a")).isEqualTo(10_000);
    }
}
