package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ExpiryPolicy;
import javax.cache.expiry.TouchedExpiryPolicy;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Entry processors of a cache with {@code entry-processor: optimistic}. */
class UnleasedProcessorsTest {

    private static final EntryProcessor<String, Object, Object> APPEND = (entry, arguments) -> {
        entry.setValue(Objects.requireNonNullElse(entry.getValue(), "") + "+");
        return entry.getValue();
    };

    private final TestCache fixture = new TestCache().processing(EntryProcessing.OPTIMISTIC);

    @AfterEach
    void close() {
        fixture.close();
    }

    private int leasesAsked() {
        return fixture.cluster().requests(Request.ReadForUpdate.class).size();
    }

    @Test
    void anEntryThatExistsIsReadAndWrittenOnConditionWithoutALease() {
        SessionCache<String, Object> cache = fixture.open();
        cache.put("k", "v");
        fixture.cluster().forgetRequests();

        assertThat(cache.invoke("k", APPEND)).isEqualTo("v+");
        assertThat(cache.get("k")).isEqualTo("v+");
        assertThat(leasesAsked()).isZero();
        assertThat(fixture.cluster()
                        .requests(Request.Write.class)
                        .get(0)
                        .mutations()
                        .get(0)
                        .condition())
                .isInstanceOf(Condition.VersionIs.class);
        assertThat(TestCache.statistics(cache).getCacheHits()).isEqualTo(2);
        assertThat(TestCache.statistics(cache).getCachePuts()).isEqualTo(2);
    }

    @Test
    void anAbsentEntryIsProcessedUnderTheLease() {
        SessionCache<String, Object> cache = fixture.open();

        assertThat(cache.invoke("k", APPEND)).isEqualTo("+");
        assertThat(leasesAsked()).isEqualTo(1);
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void anEntryThatWasChangedMeanwhileIsProcessedAgainUnderTheLease() {
        SessionCache<String, Object> cache = fixture.open();
        SessionCache<String, Object> other = fixture.open();
        cache.put("k", "v");
        List<Object> seen = new ArrayList<>();

        Object result = cache.invoke("k", (entry, arguments) -> {
            seen.add(entry.getValue());
            if (seen.size() == 1) {
                other.put("k", "w");
            }
            return APPEND.process(entry);
        });

        assertThat(result).isEqualTo("w+");
        assertThat(seen).containsExactly("v", "w");
        assertThat(leasesAsked()).isEqualTo(1);
        assertThat(fixture.cluster().leasesHeld()).isZero();
        assertThat(TestCache.statistics(cache).getCachePuts()).isEqualTo(2);
    }

    @Test
    void aProcessorThatOnlyReadsIsConfirmedAndRunsAgainIfTheEntryWasChanged() {
        SessionCache<String, Object> cache = fixture.open();
        SessionCache<String, Object> other = fixture.open();
        cache.put("k", "v");
        fixture.cluster().forgetRequests();

        assertThat(cache.<Object>invoke("k", (entry, arguments) -> entry.getValue()))
                .isEqualTo("v");
        assertThat(fixture.cluster().requests(Request.Release.class))
                .singleElement()
                .satisfies(asked -> assertThat(asked.condition()).isInstanceOf(Condition.VersionIs.class));
        assertThat(leasesAsked()).isZero();

        List<Object> seen = new ArrayList<>();
        cache.invoke("k", (entry, arguments) -> {
            seen.add(entry.getValue());
            if (seen.size() == 1) {
                other.remove("k");
            }
            return null;
        });
        assertThat(seen).containsExactly("v", null);
    }

    @Test
    void aProcessorThatFailsAsksForNothingMore() {
        SessionCache<String, Object> cache = fixture.open();
        cache.put("k", "v");
        fixture.cluster().forgetRequests();

        assertThatThrownBy(() -> cache.invoke("k", (entry, arguments) -> {
                    throw new IllegalStateException("refused");
                }))
                .isInstanceOf(EntryProcessorException.class);
        assertThat(fixture.cluster().requests(Request.Release.class)).isEmpty();
        assertThat(leasesAsked()).isZero();
    }

    @Test
    void aRefusedWriteFailsTheInvocationAndIsNotTriedUnderALease() {
        SessionCache<String, Object> cache = fixture.open();
        cache.put("k", "v");
        fixture.cluster().forgetRequests();
        fixture.cluster().refuse(Request.Write.class, Status.INVALID);

        assertThatThrownBy(() -> cache.invoke("k", APPEND)).hasMessageContaining("refused by the test");
        assertThat(leasesAsked()).isZero();
    }

    @Test
    void manyEntriesAreEachProcessedWithoutALease() {
        SessionCache<String, Object> cache = fixture.open();
        cache.putAll(Map.of("a", "1", "b", "2"));
        fixture.cluster().forgetRequests();

        cache.invokeAll(Set.of("a", "b", "c"), APPEND);
        assertThat(cache.getAll(Set.of("a", "b", "c")))
                .containsOnly(Map.entry("a", "1+"), Map.entry("b", "2+"), Map.entry("c", "+"));
        assertThat(leasesAsked()).as("of c").isEqualTo(1);
    }

    @Test
    void aCacheWithAWriterProcessesUnderLeasesSinceItsWriterIsCalledBeforeTheCommit() {
        RecordingWriter writer = new RecordingWriter();
        SessionCache<String, Object> cache = fixture.writing(writer).open();
        cache.put("k", "v");
        fixture.cluster().forgetRequests();

        cache.invoke("k", APPEND);
        assertThat(leasesAsked()).isEqualTo(1);
    }

    @Test
    void aCacheWithItsOwnExpiryPolicyProcessesUnderLeases() {
        SessionCache<String, Object> cache = fixture.expiring(new Custom()).open();
        cache.put("k", "v");
        fixture.cluster().forgetRequests();

        cache.invoke("k", APPEND);
        assertThat(leasesAsked()).isEqualTo(1);
    }

    @Test
    void aReadOfAProcessorIsRecordedWhereTheExpiryDemandsIt() {
        SessionCache<String, Object> cache =
                fixture.expiring(new TouchedExpiryPolicy(Duration.ONE_MINUTE)).open();
        cache.put("k", "v");
        fixture.cluster().forgetRequests();

        cache.<Object>invoke("k", (entry, arguments) -> entry.getValue());
        assertThat(fixture.cluster().requests(Request.Write.class)).hasSize(1);
        assertThat(leasesAsked()).isZero();
    }

    private static final class Custom implements ExpiryPolicy {
        @Override
        public Duration getExpiryForCreation() {
            return Duration.ONE_HOUR;
        }

        @Override
        public Duration getExpiryForAccess() {
            return Duration.ONE_HOUR;
        }

        @Override
        public Duration getExpiryForUpdate() {
            return Duration.ONE_HOUR;
        }
    }
}
