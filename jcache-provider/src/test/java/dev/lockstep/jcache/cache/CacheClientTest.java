package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.jcache.marshalling.Marshallers;
import dev.lockstep.jcache.marshalling.References;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.session.PartialWriteException;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import javax.cache.CacheException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CacheClientTest {

    private static final Executor DIRECT = Runnable::run;

    private final TestCache fixture = new TestCache();
    private final CacheClient<String, Object> client = fixture.client();
    private final List<String> steps = new ArrayList<>();

    @AfterEach
    void close() {
        fixture.close();
    }

    private Mutation put(CacheClient<String, Object> to, String key, Object value, Condition condition) {
        return Mutation.put(to.codec().keyBytes(key), to.codec().valueBytes(value), condition);
    }

    private MutationResult written(CacheClient<String, Object> by, Mutation mutation) {
        return by.write(mutation, LeaseId.NONE, DIRECT, result -> {}).join();
    }

    @Test
    void aReadIsDecodedByTheCallersExecutorAlone() {
        written(client, put(client, "k", "v", Condition.ANY));
        Queue<Runnable> callers = new ArrayDeque<>();
        CompletableFuture<Object> read = client.get(client.codec().keyBytes("k"), callers::add);
        assertThat(read).isNotDone();

        callers.remove().run();
        assertThat(read).isCompletedWithValue("v");
    }

    @Test
    void aValueThatWasNotStoredIsDiscardedAndOneThatWasIsKept() {
        Marshaller keys = Marshallers.of(new Properties(), getClass().getClassLoader(), "prices");
        CacheClient<String, Object> byReference = fixture.client(new EntryCodec<>(keys, new References()), () -> {});
        Mutation first = put(byReference, "k", new Object(), Condition.ABSENT);
        Mutation second = put(byReference, "k", new Object(), Condition.ABSENT);
        assertThat(written(byReference, first).applied()).isTrue();
        assertThat(written(byReference, second).applied()).isFalse();

        assertThat(byReference.codec().value(first.value())).isNotNull();
        assertThatThrownBy(() -> byReference.codec().value(second.value())).isInstanceOf(CacheException.class);
    }

    @Test
    void strongReadsAreNeverAnsweredByAReplicaInThisJvm() {
        written(client, put(client, "k", "v", Condition.ANY));
        fixture.cluster().answerLocally();

        assertThat(client.local(client.codec().keyBytes("k"))).isNotNull();
        assertThat(client.strong().local(client.codec().keyBytes("k"))).isNull();
    }

    @Test
    void theCacheIsClosedBeforeACallerLearnsThatItWasDestroyed() {
        CacheClient<String, Object> watched = fixture.client(client.codec(), () -> steps.add("closed"));
        fixture.cluster().destroyCache();
        watched.contains("k").whenComplete((found, failure) -> steps.add("told"));

        assertThat(steps).containsExactly("closed", "told");
    }

    @Test
    void writesThatWereAppliedAreReportedBeforeTheFailureOfTheOthers() {
        List<Mutation> mutations = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            mutations.add(put(client, "k" + i, "v", Condition.ANY));
        }
        fixture.cluster().refuseWrites(0, Status.TOO_LARGE);
        List<Bytes> committed = new ArrayList<>();
        var all = client.writeAll(mutations, DIRECT, (key, result) -> committed.add(key));

        assertThatThrownBy(all::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(PartialWriteException.class, partial -> {
                    assertThat(committed)
                            .isNotEmpty()
                            .containsExactlyInAnyOrderElementsOf(
                                    partial.results().keySet());
                    assertThat(partial.failures()).hasSize(20 - committed.size());
                });
    }

    @Test
    void aLeaseThatIsNoLongerWantedIsNeitherHeldNorWaitedFor() {
        Bytes key = client.codec().keyBytes("k");
        CacheClient<String, Object> other = fixture.client();
        LeaseGrant elsewhere = other.lease(key).join();
        CompletableFuture<LeaseGrant> waiting = client.lease(key);
        assertThat(waiting).isNotDone();

        waiting.cancel(false);
        other.abandon(key, elsewhere.id());
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void anInvalidatedEntryIsGone() {
        written(client, put(client, "k", "v", Condition.ANY));
        client.invalidate(client.codec().keyBytes("k"));

        assertThat(client.contains("k").join()).isFalse();
    }
}
