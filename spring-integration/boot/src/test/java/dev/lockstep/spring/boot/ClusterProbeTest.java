package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import org.junit.jupiter.api.Test;

/** Asking a cluster that may not answer. */
class ClusterProbeTest {

    /** One that answers the question for its caches as told. */
    private static CacheManager answering(Callable<List<String>> answer) {
        return (CacheManager) Proxy.newProxyInstance(
                ClusterProbeTest.class.getClassLoader(),
                new Class<?>[] {CacheManager.class},
                (proxy, method, arguments) -> answer.call());
    }

    @Test
    void anAnswerIsPassedOn() {
        try (ClusterProbe probe = new ClusterProbe(answering(() -> List.of("prices")), Duration.ofSeconds(30))) {
            assertThat(probe.caches()).containsExactly("prices");
            assertThat(probe.caches()).containsExactly("prices");
        }
    }

    @Test
    void aRefusalIsPassedOn() {
        CacheManager refusing = answering(() -> {
            throw new CacheException("NO_LEADER: none");
        });
        try (ClusterProbe probe = new ClusterProbe(refusing, Duration.ofSeconds(30))) {
            assertThatThrownBy(probe::caches).isInstanceOf(CacheException.class).hasMessageContaining("NO_LEADER");
        }
    }

    @Test
    void silenceIsNotWaitedForAndNotAskedTwice() throws Exception {
        CountDownLatch speak = new CountDownLatch(1);
        AtomicInteger questions = new AtomicInteger();
        CacheManager silent = answering(() -> {
            questions.incrementAndGet();
            speak.await();
            return List.of("prices");
        });
        try (ClusterProbe probe = new ClusterProbe(silent, Duration.ofMillis(50))) {
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(probe::caches)
                        .isInstanceOf(CacheException.class)
                        .hasMessageContaining("No answer within 50 ms");
            }
            assertThat(questions).hasValue(1);
            speak.countDown();
            Eventually.holds("it is answered", () -> {
                try {
                    return probe.caches().equals(List.of("prices"));
                } catch (CacheException late) {
                    return false;
                }
            });
        }
    }
}
