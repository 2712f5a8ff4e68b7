package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.local.LocalConsensus;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.control.Templates;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.testing.AgreeingClocks;
import dev.lockstep.cluster.testing.AmpleMemory;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A shard of a single node, whose clock stands still until it is set and which no thread advances. */
class SoleReplicaTest {

    private static final NodeId NODE = new NodeId("n1");
    private static final Bytes KEY = Bytes.utf8("key");
    private static final Bytes VALUE = Bytes.utf8("value");
    private static final LeaseId LEASE = new LeaseId(1, 2, 3);

    private final EventLoop loop = EventLoop.threaded("test");
    private long millis = 1_000;
    private long jumpedMillis;
    private long sequence;
    private int cache;
    private ShardHost shards;

    @BeforeEach
    void open() {
        LocalConsensus consensus = new LocalConsensus(NODE);
        TermConfirmations nobody = (peer, request, answer) -> answer.accept(null);
        ExpiryRule brief = new ExpiryRule(Lifetime.ofMillis(10), Lifetime.UNCHANGED, Lifetime.UNCHANGED);
        CacheDefinition definition = new CacheDefinition("c", "k", "v", brief, "", 0, Consistency.SESSION);
        Time time = new Time() {
            @Override
            public long millis() {
                return millis;
            }

            @Override
            public long nanos() {
                return (millis - jumpedMillis) * 1_000_000;
            }
        };
        ReadIndexRounds rounds = new ReadIndexRounds(NODE, nobody, time, Duration.ofSeconds(1));
        ControlGroup control = new ControlGroup(
                consensus,
                Layout.settled(
                        0,
                        Layout.nodes(List.of(new Member(NODE, "localhost", 0))),
                        new ShardMap(0, List.of(List.of(NODE)))),
                new ControlGroup.Rules(Templates.NONE, 1, Optional.empty(), ClusterVersion.Range.OWN),
                rounds,
                nobody,
                time,
                loop);
        control.open(List.of(NODE));
        control.propose(
                new Request.CreateCache(CacheProposal.exactly(definition), 0),
                created -> cache = ((Reply.Created) created).cache().id());
        var limits = new ShardContext.Limits(Duration.ofSeconds(5), 1_000, ChangeWindow.MAX_BYTES);
        shards = new ShardHost(Map.of(
                0,
                new ShardReplica(
                        0,
                        List.of(NODE),
                        new ShardContext(
                                consensus,
                                HeapStore.FACTORY,
                                control,
                                rounds,
                                AgreeingClocks.of(NODE, List.of(NODE), time),
                                new CapacityShares(() -> 1),
                                AmpleMemory.of(NODE, time),
                                SlowRequests.NONE,
                                RemovalObserver.NONE,
                                time,
                                loop,
                                limits))));
    }

    @AfterEach
    void close() {
        shards.close();
        loop.close();
    }

    private Reply ask(Request.ToShard request) {
        List<Reply> replies = new ArrayList<>();
        shards.serve(request, () -> true, replies::add);
        assertThat(replies).hasSize(1);
        return replies.get(0);
    }

    private long put(Bytes key) {
        sequence++;
        Mutation put = Mutation.put(key, VALUE, Condition.ANY);
        Reply reply =
                ask(new Request.Write(cache, 0, new RequestId(1, 2, sequence, sequence), List.of(put), LeaseId.NONE));
        return ((Reply.Written) reply).results().get(0).version();
    }

    @Test
    void aPageOfWhatIsOverStillTellsWhereTheNextOneBegins() {
        for (int i = 0; i < 5; i++) {
            put(Bytes.utf8("key-" + i));
        }
        millis += 10;
        int pages = 0;
        Bytes after = null;
        Reply.Keys page;
        do {
            page = (Reply.Keys) ask(new Request.Scan(cache, 0, after, 2, Consistency.SESSION, 0, 0));
            after = page.complete() ? null : page.keys().get(page.keys().size() - 1);
            pages++;
        } while (!page.complete());
        assertThat(pages).isEqualTo(3);
        assertThat(page.keys()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {3_600_000, 86_400_000, -900})
    void aClockThatJumpsEndsNoEntryBeforeItsTimeAndKeepsNoneLonger(long jump) {
        put(KEY);
        millis += jump;
        jumpedMillis = jump;
        shards.upkeep();
        millis += 9;
        assertThat(held(Condition.PRESENT)).isTrue();
        millis += 2;
        assertThat(held(Condition.PRESENT)).isFalse();
    }

    private boolean held(Condition condition) {
        return ((Reply.Released) ask(new Request.Release(cache, 0, KEY, LEASE, condition))).held();
    }

    @Test
    void sessionsInThisJvmAreServedBeforeTheirCallReturns() {
        var write = new Request.Write(
                cache, 0, new RequestId(1, 2, 1, 1), List.of(Mutation.put(KEY, VALUE, Condition.ANY)), LeaseId.NONE);
        loop.close();
        assertThat(shards.serve(write).join()).isInstanceOf(Reply.Written.class);
        Reply leased = shards.serve(new Request.ReadForUpdate(cache, 0, KEY, LEASE, 1_000, 1_000))
                .join();
        assertThat(((Reply.Leased) leased).entry().value()).isEqualTo(VALUE);
        assertThat(shards.serve(new Request.ReadForUpdate(cache, 0, KEY, new LeaseId(1, 2, 4), 1_000, 1_000)))
                .isNotDone();
    }

    @Test
    void aShardThatIsNotHereIsNotServed() {
        assertThat(shards.serve(new Request.Size(cache, 1, Consistency.SESSION, 0, 0)))
                .isNull();
    }

    @Test
    void aReleaseJudgesEveryCondition() {
        assertThat(held(Condition.PRESENT)).isFalse();
        assertThat(held(Condition.ABSENT)).isTrue();
        assertThat(held(new Condition.AbsentSince(0))).isTrue();
        long version = put(KEY);
        assertThat(held(Condition.ANY)).isTrue();
        assertThat(held(Condition.PRESENT)).isTrue();
        assertThat(held(Condition.ABSENT)).isFalse();
        assertThat(held(new Condition.AbsentSince(version))).isFalse();
        assertThat(held(new Condition.ValueIs(VALUE))).isTrue();
        assertThat(held(new Condition.ValueIs(KEY))).isFalse();
        assertThat(held(new Condition.VersionIs(version))).isTrue();
        assertThat(held(new Condition.VersionIs(version + 1))).isFalse();
        millis += 10;
        assertThat(held(Condition.PRESENT)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"-1, 1", "60001, 1", "0, 0", "0, 10001"})
    void aLeaseBeyondItsBoundsIsRefused(long waitMillis, long holdMillis) {
        Reply reply = ask(new Request.ReadForUpdate(cache, 0, KEY, LEASE, waitMillis, holdMillis));
        assertThat(((Reply.Refused) reply).status()).isEqualTo(Status.INVALID);
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "60000, 10000"})
    void aLeaseAtItsBoundsIsGranted(long waitMillis, long holdMillis) {
        assertThat(ask(new Request.ReadForUpdate(cache, 0, KEY, LEASE, waitMillis, holdMillis)))
                .isInstanceOf(Reply.Leased.class);
    }
}
