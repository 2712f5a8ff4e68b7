package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.Map;
import java.util.Set;
import javax.cache.integration.CacheWriterException;
import org.junit.jupiter.api.Test;

class LeasedWritesTest extends WritesContract {

    private RecordingWriter writer;

    @Override
    TestCache configured(TestCache fixture) {
        writer = new RecordingWriter();
        return fixture.writing(writer);
    }

    @Test
    void theWriterIsCalledBeforeTheCacheChanges() {
        cache.put("k", "v");
        cache.getAndReplace("k", "w");
        cache.remove("k");

        assertThat(writer.calls).containsExactly("write k=v", "write k=w", "delete k");
    }

    @Test
    void aConditionThatDoesNotHoldLeavesTheWriterAlone() {
        cache.replace("absent", "v");
        cache.remove("absent", "v");

        assertThat(writer.calls).isEmpty();
    }

    @Test
    void aWriteThatTheWriterRefusesIsNotStored() {
        writer.refuses("k");

        assertThatThrownBy(() -> cache.put("k", "v")).isInstanceOf(CacheWriterException.class);
        assertThat(cache.containsKey("k")).isFalse();
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void aPutAllStoresTheEntriesThatTheWriterAccepted() {
        writer.refuses("b");

        assertThatThrownBy(() -> cache.putAll(new java.util.TreeMap<>(Map.of("a", "1", "b", "2", "c", "3"))))
                .isInstanceOf(CacheWriterException.class);
        assertThat(cache.getAll(Set.of("a", "b", "c"))).doesNotContainKey("b").containsKey("a");
    }

    @Test
    void aRemoveAllRemovesTheKeysThatTheWriterDeleted() {
        cache.putAll(Map.of("a", "1", "b", "2"));
        writer.refuses("b");

        assertThatThrownBy(() -> cache.removeAll(new java.util.TreeSet<>(Set.of("a", "b"))))
                .isInstanceOf(CacheWriterException.class);
        assertThat(cache.containsKey("a")).isFalse();
        assertThat(cache.containsKey("b")).isTrue();
    }

    @Test
    void anEntryWhoseStoringFailedAfterTheWriterWasCalledIsRemoved() {
        cache.put("k", "old");
        fixture.cluster().refuseOnce(Request.Write.class, Status.TOO_LARGE);

        assertThatThrownBy(() -> cache.put("k", "new")).isInstanceOf(javax.cache.CacheException.class);
        assertThat(writer.calls).containsExactly("write k=old", "write k=new");
        assertThat(cache.containsKey("k")).isFalse();
    }
}
