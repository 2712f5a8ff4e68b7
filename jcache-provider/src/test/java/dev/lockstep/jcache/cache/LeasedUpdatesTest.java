package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import javax.cache.CacheException;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LeasedUpdatesTest {

    private final TestCache fixture = new TestCache();
    private final RecordingWriter writer = new RecordingWriter();

    @AfterEach
    void close() {
        fixture.close();
    }

    private static EntryProcessor<String, Object, Object> increment(Runnable meanwhile) {
        return (entry, arguments) -> {
            int now = entry.exists() ? (Integer) entry.getValue() : 0;
            meanwhile.run();
            entry.setValue(now + 1);
            return now + 1;
        };
    }

    @Test
    void anUpdateOfAnEntryThatChangedMeanwhileIsRunAgainOnTheNewValue() {
        SessionCache<String, Object> cache = fixture.open();
        SessionCache<String, Object> other = fixture.open();
        AtomicInteger runs = new AtomicInteger();

        Object result = cache.invoke("k", increment(() -> {
            if (runs.incrementAndGet() == 1) {
                other.put("k", 41);
            }
        }));

        assertThat(result).isEqualTo(42);
        assertThat(cache.get("k")).isEqualTo(42);
        assertThat(runs).hasValue(2);
    }

    @Test
    void absenceThatEndedMeanwhileIsNoticedEvenIfTheEntryIsGoneAgain() {
        SessionCache<String, Object> cache = fixture.open();
        SessionCache<String, Object> other = fixture.open();
        AtomicInteger runs = new AtomicInteger();

        cache.invoke("k", increment(() -> {
            if (runs.incrementAndGet() == 1) {
                other.put("k", 41);
                other.remove("k");
            }
        }));

        assertThat(runs).hasValue(2);
    }

    @Test
    void anUpdateThatIsDisturbedEachTimeGivesUpAndAppliesNothing() {
        SessionCache<String, Object> cache = fixture.open();
        SessionCache<String, Object> other = fixture.open();

        assertThatThrownBy(() -> cache.invoke("k", increment(() -> other.put("k", 7))))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("1000 attempts");
        assertThat(cache.get("k")).isEqualTo(7);
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void codeThatFailsChangesNothingAndGivesTheLeaseBack() {
        SessionCache<String, Object> cache = fixture.open();
        cache.put("k", 1);

        assertThatThrownBy(() -> cache.invoke("k", (entry, arguments) -> {
                    entry.setValue(2);
                    throw new IllegalArgumentException("no");
                }))
                .isInstanceOf(EntryProcessorException.class);
        assertThat(cache.get("k")).isEqualTo(1);
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void anEntryThatTheWriterWasToldOfInVainIsRemovedIfNothingIsStoredInTheEnd() {
        SessionCache<String, Object> other = fixture.open();
        SessionCache<String, Object> cache = fixture.writing(writer).open();
        AtomicInteger runs = new AtomicInteger();

        cache.invoke("k", (entry, arguments) -> {
            entry.exists();
            if (runs.incrementAndGet() == 1) {
                other.put("k", "theirs");
                entry.setValue("mine");
            }
            return null;
        });

        assertThat(writer.calls).containsExactly("write k=mine");
        assertThat(cache.containsKey("k")).isFalse();
    }

    @Test
    void aWaitingUpdateRunsOnceTheLeaseIsFree() {
        SessionCache<String, Object> cache = fixture.open();
        CompletableFuture<String> slow = new CompletableFuture<>();
        CompletableFuture<Object> first =
                cache.async().computeIfAbsent("k", key -> slow).toCompletableFuture();
        CompletableFuture<Object> second = fixture.open()
                .async()
                .computeIfAbsent("k", key -> CompletableFuture.completedFuture("second"))
                .toCompletableFuture();
        awaitUntil(() -> fixture.cluster().requests(Request.ReadForUpdate.class).size() == 2);
        assertThat(second).isNotDone();

        slow.complete("first");
        assertThat(first.join()).isEqualTo("first");
        assertThat(second.join()).isEqualTo("first");
    }

    static void awaitUntil(BooleanSupplier condition) {
        Deadline deadline = Deadline.after(Time.system(), Duration.ofSeconds(30));
        while (!condition.getAsBoolean()) {
            assertThat(deadline.remainingNanos(Time.system()))
                    .as("nanoseconds left for the condition to hold")
                    .isPositive();
            Thread.onSpinWait();
        }
    }

    @Test
    void manyLeasesOfWhichOneIsTakenAreAskedForOneAfterAnotherInTheOrderOfTheirKeys() {
        SessionCache<String, Object> cache = fixture.writing(writer).open();
        CompletableFuture<String> slow = new CompletableFuture<>();
        CompletableFuture<Object> holder =
                fixture.open().async().computeIfAbsent("b", key -> slow).toCompletableFuture();
        awaitUntil(() -> fixture.cluster().leasesHeld() == 1);
        fixture.cluster().forgetRequests();

        CompletableFuture<Void> all =
                cache.async().putAll(Map.of("a", "1", "b", "2", "c", "3")).toCompletableFuture();
        awaitUntil(() -> fixture.cluster().requests(Request.ReadForUpdate.class).stream()
                .anyMatch(wanted -> wanted.waitMillis() > 1_000));
        slow.complete("holder's");
        holder.join();
        all.join();

        List<Request.ReadForUpdate> patient = new ArrayList<>(fixture.cluster().requests(Request.ReadForUpdate.class));
        patient.removeIf(wanted -> wanted.waitMillis() < 1_000);
        assertThat(patient).extracting(Request.ReadForUpdate::key).isSorted().hasSize(3);
        assertThat(cache.getAll(Set.of("a", "b", "c"))).isEqualTo(Map.of("a", "1", "b", "2", "c", "3"));
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }
}
