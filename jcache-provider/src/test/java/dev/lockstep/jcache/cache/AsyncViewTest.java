package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.AsyncCache;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.cache.processor.EntryProcessorResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AsyncViewTest {

    private final TestCache fixture = new TestCache();
    private final RecordingWriter writer = new RecordingWriter();
    private final SessionCache<String, Object> cache = fixture.open();
    private final AsyncCache<String, Object> async = cache.async();

    @AfterEach
    void close() {
        fixture.close();
    }

    private static <T> T result(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    }

    @Test
    void eachOperationDoesWhatTheOneThatWaitsDoes() {
        result(async.put("k", "v"));
        assertThat(result(async.get("k"))).isEqualTo("v");
        assertThat(result(async.containsKey("k"))).isTrue();
        assertThat(result(async.getAndPut("k", "w"))).isEqualTo("v");
        assertThat(result(async.putIfAbsent("k", "x"))).isFalse();
        assertThat(result(async.replace("k", "other", "x"))).isFalse();
        assertThat(result(async.replace("k", "w", "x"))).isTrue();
        assertThat(result(async.replace("absent", "x"))).isFalse();
        assertThat(result(async.getAndReplace("k", "y"))).isEqualTo("x");
        assertThat(result(async.remove("k", "x"))).isFalse();
        assertThat(result(async.remove("k", "y"))).isTrue();
        assertThat(result(async.remove("k"))).isFalse();
        assertThat(result(async.getAndRemove("k"))).isNull();
        assertThat(cache.size()).isZero();
    }

    @Test
    void operationsOnManyKeysReachThemAll() {
        result(async.putAll(Map.of("a", "1", "b", "2", "c", "3")));
        assertThat(result(async.getAll(Set.of("a", "b", "absent")))).isEqualTo(Map.of("a", "1", "b", "2"));

        Map<String, EntryProcessorResult<Object>> results = result(
                async.invokeAll(Set.of("a", "b"), (entry, arguments) -> entry.getValue() + "" + arguments[0], "!"));
        assertThat(results.get("a").get()).isEqualTo("1!");
        assertThat(results.get("b").get()).isEqualTo("2!");

        assertThat(result(async.size())).isEqualTo(3);
        result(async.removeAll(Set.of("a", "b")));
        assertThat(result(async.size())).isEqualTo(1);
        assertThat(cache.size()).isEqualTo(1);
    }

    @Test
    void aLifetimeOfItsOwnEndsTheEntry() {
        result(async.put("k", "v", Duration.ofSeconds(5)));
        fixture.cluster().pass(Duration.ofSeconds(5));

        assertThat(cache.containsKey("k")).isFalse();
    }

    @Test
    void argumentsAreRefusedAtTheCallAndNotByTheStage() {
        fixture.cluster().forgetRequests();
        assertThatThrownBy(() -> async.get(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> async.replace("k", "v", null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> async.invoke("k", null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> async.computeIfAbsent("k", null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> async.put("k", "v", Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        Map<String, Object> withNull = new HashMap<>();
        withNull.put("k", null);
        assertThatThrownBy(() -> async.putAll(withNull)).isInstanceOf(NullPointerException.class);
        assertThat(fixture.cluster().requests(Request.OfCache.class)).isEmpty();

        cache.close();
        assertThatThrownBy(() -> async.putAll(Map.of())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(async::size).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anEntryAddedToTheMapAfterTheCallIsNeitherWrittenNorStored() {
        SessionCache<String, Object> writing = fixture.writing(writer).open();
        CompletableFuture<String> slow = new CompletableFuture<>();
        CompletionStage<Object> holder = async.computeIfAbsent("a", key -> slow);
        Map<String, Object> map = new HashMap<>(Map.of("a", "1"));
        CompletionStage<Void> all = writing.async().putAll(map);
        map.put("b", "2");
        slow.complete("holder's");
        result(holder);
        result(all);

        assertThat(writer.calls).containsExactly("write a=1");
        assertThat(cache.containsKey("b")).isFalse();
    }

    @Test
    void theViewOfAStrongCacheReadsStrongly() {
        fixture.cluster().forgetRequests();
        result(cache.strong().async().get("k"));

        assertThat(fixture.cluster().requests(Request.Get.class))
                .extracting(Request.Get::consistency)
                .containsExactly(Consistency.STRONG);
    }
}
