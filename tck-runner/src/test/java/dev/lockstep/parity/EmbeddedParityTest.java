package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.jcache.cache.LockstepCache;
import dev.lockstep.jcache.cache.LockstepCacheException;
import dev.lockstep.protocol.wire.Status;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.Cache;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryUpdatedListener;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ExpiryPolicy;
import org.junit.jupiter.api.Test;

/** On the single node in memory. */
class EmbeddedParityTest extends LeaseParity {

    @Override
    URI uri() {
        return URI.create("lockstep:local");
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

    private static final class FailingPolicy implements ExpiryPolicy {

        @Override
        public Duration getExpiryForCreation() {
            throw new IllegalStateException("creation");
        }

        @Override
        public Duration getExpiryForAccess() {
            throw new IllegalStateException("access");
        }

        @Override
        public Duration getExpiryForUpdate() {
            throw new IllegalStateException("update");
        }
    }

    @Test
    void whatFailsAtEachOperationIsToldInTheLogOnce() throws Exception {
        MutableConfiguration<String, Integer> failing = types().setExpiryPolicyFactory(FailingPolicy::new);
        AtomicInteger heard = new AtomicInteger();
        CacheEntryUpdatedListener<String, Integer> listener = events -> {
            heard.incrementAndGet();
            throw new IllegalStateException("listener");
        };
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            LockstepCache<String, Integer> cache = cache("failing often", failing);
            cache.registerCacheEntryListener(
                    new MutableCacheEntryListenerConfiguration<>(() -> listener, null, false, false));
            for (int i = 0; i <= 100; i++) {
                cache.put("a", i);
            }
            Eventually.holds("all is heard", () -> heard.get() == 100);
        } finally {
            System.setErr(before);
        }
        assertThat(said.toString(StandardCharsets.UTF_8))
                .containsOnlyOnce("An asynchronous listener of cache failing often failed")
                .containsOnlyOnce("The expiry policy");
    }
}
