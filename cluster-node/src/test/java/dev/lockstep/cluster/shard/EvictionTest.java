package dev.lockstep.cluster.shard;

import static dev.lockstep.cluster.testing.ScriptedLog.following;
import static dev.lockstep.cluster.testing.ScriptedLog.leading;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.BatchCodec;
import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.testing.AgreeingClocks;
import dev.lockstep.cluster.testing.AmpleMemory;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Versions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The only shard of a cluster of three nodes, with a cache that may have a hundred entries and one that has no bound. */
class EvictionTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final Set<NodeId> VOTERS = Set.of(A, B, new NodeId("c"));
    private static final Bytes VALUE = Bytes.utf8("value");
    private static final int BOUNDED = 1;
    private static final int UNBOUNDED = 2;
    private static final int BOUND = 100;

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final ScriptedLog log = new ScriptedLog(leading(1, A, VOTERS));
    private final List<CacheChange> removals = new ArrayList<>();
    private final ShardReplica replica = new ShardReplica(
            0,
            List.copyOf(VOTERS),
            new ShardContext(
                    log.consensus(),
                    HeapStore.FACTORY,
                    new Catalog(),
                    new ReadIndexRounds(A, peers, world, Duration.ofMillis(600)),
                    AgreeingClocks.of(A, VOTERS, world),
                    new CapacityShares(() -> 1),
                    AmpleMemory.of(A, world),
                    SlowRequests.NONE,
                    (shard, change) -> removals.add(change),
                    world,
                    world,
                    new ShardContext.Limits(Duration.ofDays(1), 1_000, ChangeWindow.MAX_BYTES)));
    private final ShardHost shards = new ShardHost(Map.of(0, replica));
    private long sequence;

    private static final class Catalog implements CacheCatalog {

        @Override
        public CacheInfo cache(int cacheId) {
            long bound = cacheId == BOUNDED ? BOUND : 0;
            return new CacheInfo(
                    cacheId,
                    new CacheDefinition("c" + cacheId, "k", "v", ExpiryRule.ETERNAL, "", bound, Consistency.SESSION));
        }

        @Override
        public boolean isDestroyed(int cacheId) {
            return false;
        }

        @Override
        public void learn(int cacheId, Consumer<Reply.@Nullable Refused> then) {
            throw new AssertionError("all caches are known");
        }
    }

    private static Bytes key(int i) {
        return Bytes.utf8("key-" + i);
    }

    private List<Reply> write(int cache, List<Mutation> mutations) {
        sequence++;
        List<Reply> replies = new ArrayList<>();
        shards.serve(
                new Request.Write(cache, 0, new RequestId(1, 2, sequence, sequence), mutations, LeaseId.NONE),
                () -> true,
                replies::add);
        return replies;
    }

    private List<Reply> put(int cache, int from, int to) {
        return write(
                cache,
                IntStream.range(from, to)
                        .mapToObj(i -> Mutation.put(key(i), VALUE, Condition.ANY))
                        .toList());
    }

    private MutationResult mutate(Mutation mutation) {
        return ((Reply.Written) write(BOUNDED, List.of(mutation)).get(0))
                .results()
                .get(0);
    }

    private long size(int cache) {
        List<Reply> replies = new ArrayList<>();
        shards.serve(new Request.Size(cache, 0, Consistency.SESSION, 0, 0), () -> true, replies::add);
        return ((Reply.Count) replies.get(0)).count();
    }

    private boolean has(int i) {
        List<Reply> replies = new ArrayList<>();
        shards.serve(
                new Request.Get(BOUNDED, 0, List.of(key(i)), false, Consistency.SESSION, 0, 0),
                () -> true,
                replies::add);
        return ((Reply.Entries) replies.get(0)).entries().get(0) != null;
    }

    private void upkeep() {
        shards.upkeep();
    }

    /** The replica answers session reads without asking anyone, for a day. */
    private void confirmed() {
        upkeep();
        peers.confirm(B, true);
    }

    @Test
    void aBoundedCacheKeepsItsBoundAndAnotherIsLeftAlone() {
        confirmed();
        for (int i = 0; i < 500; i++) {
            put(BOUNDED, i, i + 1);
            put(UNBOUNDED, i, i + 1);
            assertThat(size(BOUNDED)).isLessThanOrEqualTo(BOUND + 1);
        }
        upkeep();
        assertThat(size(BOUNDED)).isEqualTo(BOUND);
        assertThat(size(UNBOUNDED)).isEqualTo(500);
        assertThat(removals)
                .hasSize(500 - BOUND)
                .allMatch(
                        change -> change.cacheId() == BOUNDED && change.change().kind() == EntryChange.Kind.EVICTED);
    }

    @Test
    void nothingGoesBeforeTheBoundIsPassed() {
        confirmed();
        put(BOUNDED, 0, BOUND);
        upkeep();
        assertThat(size(BOUNDED)).isEqualTo(BOUND);
    }

    @Test
    void theBoundIsExceededByOneBatchAtMost() {
        confirmed();
        put(BOUNDED, 0, BOUND);
        log.hold();
        for (int i = 1; i <= 50; i++) {
            put(BOUNDED, i * 1_000, i * 1_000 + 400);
        }
        long highest = 0;
        long last = 0;
        int batches = 0;
        while (log.applyNext()) {
            long now = size(BOUNDED);
            highest = Math.max(highest, now);
            batches++;
            last = now;
        }
        assertThat(batches).isGreaterThan(2);
        // One command of 400 entries is 17 KiB; 512 KiB hold 30 of them, less what the victims take.
        assertThat(highest).isGreaterThan(BOUND + 400).isLessThanOrEqualTo(BOUND + 30 * 400);
        upkeep();
        while (log.applyNext()) {
            last = size(BOUNDED);
        }
        assertThat(last).isEqualTo(BOUND);
    }

    @Test
    void keysReadOnThisNodeAreRetained() {
        confirmed();
        put(BOUNDED, 0, BOUND);
        SessionPositions session = new SessionPositions(1);
        for (int i = 0; i < 5_000; i++) {
            for (int hot = 0; hot < 10; hot++) {
                assertThat(replica.get(BOUNDED, key(hot), session).value())
                        .as("entry %d at %d", hot, i)
                        .isEqualTo(VALUE);
            }
            put(BOUNDED, 1_000 + i, 1_001 + i);
        }
    }

    @Test
    void aVictimThatWasWrittenMeanwhileStays() {
        confirmed();
        put(BOUNDED, 0, BOUND + 1);
        log.hold();
        List<Bytes> evicted = new ArrayList<>();
        replica.subscribe(
                new Request.Subscribe(0, 0, List.of(new Request.Subscribe.Start(BOUNDED, -1))),
                reply -> {
                    if (reply instanceof Reply.Changes changes) {
                        changes.caches().stream()
                                .flatMap(ofCache -> ofCache.changes().stream())
                                .filter(change -> change.kind() == EntryChange.Kind.EVICTED)
                                .forEach(change -> evicted.add(change.key()));
                    }
                },
                () -> true,
                end -> {});
        // What the leader before has left in the log comes in front of the victims that were chosen: all are new.
        upkeep();
        assertThat(log.held()).isEqualTo(1);
        log.apply(BatchCodec.encode(new Batch(
                world.millis(),
                0,
                0,
                List.of(new Command.Write(
                        BOUNDED,
                        new RequestId(3, 4, 1, 1),
                        IntStream.rangeClosed(0, BOUND)
                                .mapToObj(i -> Mutation.put(key(i), VALUE, Condition.ANY))
                                .toList())))));
        log.applyNext();
        world.pass(Duration.ofMillis(2));
        assertThat(evicted).isEmpty();
        assertThat(size(BOUNDED)).isEqualTo(BOUND + 1);
        upkeep();
        log.applyNext();
        world.pass(Duration.ofMillis(2));
        assertThat(evicted).hasSize(1);
        assertThat(size(BOUNDED)).isEqualTo(BOUND);
    }

    @Test
    void victimsOfAProposalThatFailedAreChosenAgain() {
        confirmed();
        put(BOUNDED, 0, BOUND + 10);
        log.hold();
        upkeep();
        upkeep();
        assertThat(log.held()).isEqualTo(1);
        // Until each entry has been a victim, or would have been.
        for (int i = 0; i < BOUND; i++) {
            boolean unknown = i % 2 == 0;
            log.fail(
                    unknown
                            ? new UnknownOutcomeException("scripted", new IllegalStateException())
                            : new NotLeaderException("scripted", B));
            upkeep();
            assertThat(log.held()).isEqualTo(1);
        }
        log.applyNext();
        assertThat(size(BOUNDED)).isEqualTo(BOUND);
    }

    @Test
    void onlyALeaderEvictsAndANewOneKnowsWhatWasThereBefore() {
        log.become(following(1, B, VOTERS));
        List<Command> commands = new ArrayList<>();
        commands.add(new Command.Define(new Catalog().cache(BOUNDED)));
        for (int i = 0; i < 10; i++) {
            int from = i * 1_000;
            commands.add(new Command.Write(
                    BOUNDED,
                    new RequestId(3, 4, i + 1, i + 1),
                    IntStream.range(from, from + 1_000)
                            .mapToObj(k -> Mutation.put(key(k), VALUE, Condition.ANY))
                            .toList()));
        }
        log.apply(BatchCodec.encode(new Batch(world.millis(), 0, 0, commands)));
        upkeep();
        assertThat(size(BOUNDED)).isEqualTo(10_000);
        var victim = new Command.Evict.Victim(key(0), log.appliedPosition() << Versions.ORDINAL_BITS);
        log.apply(BatchCodec.encode(
                new Batch(world.millis(), 0, 0, List.of(new Command.Evict(BOUNDED, List.of(victim))))));
        assertThat(size(BOUNDED)).isEqualTo(9_999);
        assertThat(removals).as("the leader counts it").isEmpty();
        log.become(leading(2, A, VOTERS));
        for (int i = 0; i < 5; i++) {
            upkeep();
        }
        peers.confirm(B, true);
        assertThat(size(BOUNDED)).isEqualTo(BOUND);
        log.become(following(3, B, VOTERS));
        world.pass(Duration.ZERO);
        log.become(leading(4, A, VOTERS));
        put(BOUNDED, 20_000, 20_050);
        upkeep();
        upkeep();
        assertThat(size(BOUNDED)).isEqualTo(BOUND);
    }

    @Test
    void conditionsTakenBeforeAnEvictionFailAfterIt() {
        confirmed();
        long absent = mutate(Mutation.remove(key(0), Condition.ANY)).version();
        MutationResult stored = mutate(Mutation.put(key(0), VALUE, new Condition.AbsentSince(absent)));
        int next = 1;
        while (has(0)) {
            put(BOUNDED, next, next + 50);
            upkeep();
            next += 50;
            assertThat(next).as("the entry is evicted in the end").isLessThan(5_000);
        }
        assertThat(mutate(Mutation.put(key(0), VALUE, new Condition.VersionIs(stored.version())))
                        .applied())
                .isFalse();
        assertThat(mutate(Mutation.put(key(0), VALUE, new Condition.AbsentSince(absent)))
                        .applied())
                .as("it was there in between")
                .isFalse();
        long gone = mutate(Mutation.remove(key(0), Condition.ANY)).version();
        assertThat(mutate(Mutation.put(key(0), VALUE, new Condition.AbsentSince(gone)))
                        .applied())
                .isTrue();
    }
}
