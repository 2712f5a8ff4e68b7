package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class BoundedFanOutTest {

    private final Map<String, CompletableFuture<Integer>> begun = new LinkedHashMap<>();
    private final Map<String, Object> ended = new HashMap<>();

    private CompletableFuture<Void> over(Set<String> keys, int atOnce) {
        return BoundedFanOut.over(
                keys,
                atOnce,
                key -> begun.computeIfAbsent(key, none -> new CompletableFuture<>()),
                (key, result, failure) -> ended.put(key, failure == null ? result : failure.getMessage()),
                Runnable::run);
    }

    private static Set<String> keys(String... keys) {
        return new LinkedHashSet<>(List.of(keys));
    }

    @Test
    void noMoreThanTheBoundAreInFlight() {
        CompletableFuture<Void> all = over(keys("a", "b", "c"), 2);
        assertThat(begun).containsOnlyKeys("a", "b");

        begun.get("b").complete(2);
        assertThat(begun).containsOnlyKeys("a", "b", "c");
        begun.get("a").complete(1);
        assertThat(all).isNotDone();
        begun.get("c").complete(3);
        assertThat(all).isCompleted();
        assertThat(ended).isEqualTo(Map.of("a", 1, "b", 2, "c", 3));
    }

    @Test
    void oneThatFailsDoesNotKeepTheOthersFromRunning() {
        CompletableFuture<Void> all = over(keys("a", "b"), 1);
        begun.get("a").completeExceptionally(new IllegalStateException("no a"));
        begun.get("b").complete(2);

        assertThat(all).isCompleted();
        assertThat(ended).isEqualTo(Map.of("a", "no a", "b", 2));
    }

    @Test
    void oneThatThrowsWhenItBeginsIsReportedAsFailed() {
        List<String> failures = new ArrayList<>();
        CompletableFuture<Void> all = BoundedFanOut.<String, Integer>over(
                keys("a"),
                1,
                key -> {
                    throw new IllegalStateException("not begun");
                },
                (key, result, failure) -> failures.add(failure.getMessage()),
                Runnable::run);

        assertThat(all).isCompleted();
        assertThat(failures).containsExactly("not begun");
    }

    @Test
    void aReceiverOfResultsThatThrowsFailsTheWhole() {
        CompletableFuture<Void> all = BoundedFanOut.over(
                keys("a"),
                1,
                CompletableFuture::completedFuture,
                (key, result, failure) -> {
                    throw new IllegalStateException("fatal");
                },
                Runnable::run);

        assertThat(all).isCompletedExceptionally();
    }

    @Test
    void overNoKeysIsDoneAtOnce() {
        assertThat(over(Set.of(), 2)).isCompleted();
    }
}
