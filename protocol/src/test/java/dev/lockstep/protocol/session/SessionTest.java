package dev.lockstep.protocol.session;

import static dev.lockstep.protocol.routing.FakeNetwork.N1;
import static dev.lockstep.protocol.routing.FakeNetwork.N2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.routing.FakeNetwork;
import dev.lockstep.protocol.routing.Router;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Request ids, positions and batches of a session, on simulated time. */
class SessionTest {

    private static final int SHARDS = 4;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int CACHE = 1;

    private final SimulatedWorld world = new SimulatedWorld();
    private final FakeNetwork network = new FakeNetwork(SHARDS);
    private final Session session = new Session(
            new Router(network.view(), List.of(), network, null, TIMEOUT, world, world, world),
            null,
            world,
            world,
            world);

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }

    private static Mutation put(int number) {
        return Mutation.put(key(number), Bytes.utf8("value"), Condition.ANY);
    }

    /** Returns as many keys of one shard as asked for. */
    private List<Integer> inOneShard(int count) {
        return inShard(0, count);
    }

    private List<Integer> inShard(int shard, int count) {
        var map = session.view().map();
        return IntStream.iterate(0, i -> i + 1)
                .filter(i -> map.shardOf(CACHE, key(i).hash64()) == shard)
                .limit(count)
                .boxed()
                .toList();
    }

    private static Reply written(Request.Write write, long position) {
        List<MutationResult> results = new ArrayList<>();
        write.mutations().forEach(mutation -> results.add(new MutationResult(true, false, null, position << 16, 1)));
        return new Reply.Written(position, 1, results);
    }

    private static Throwable failureOf(CompletableFuture<?> future) {
        assertThat(future).isCompletedExceptionally();
        return Futures.cause(future.handle((value, failure) -> failure).join());
    }

    private static Status statusOf(CompletableFuture<?> future) {
        return ((RequestFailedException) failureOf(future)).status();
    }

    private List<RequestId> ids() {
        return network.sent().stream()
                .map(sent -> ((Request.Write) sent.request()).id())
                .toList();
    }

    @Test
    void sequencesOfAShardHaveNoGapsAndSayWhatIsAnswered() {
        List<Link.ReplyHandler> waiting = new ArrayList<>();
        network.at(N1, (request, handler) -> waiting.add(handler));
        List<Integer> keys = inOneShard(4);
        keys.subList(0, 3).forEach(key -> session.write(CACHE, put(key), LeaseId.NONE));
        Request.Write first = (Request.Write) network.sent().get(0).request();
        waiting.get(1).reply(written(first, 1));
        session.write(CACHE, put(keys.get(3)), LeaseId.NONE);
        waiting.get(0).reply(written(first, 1));
        session.write(CACHE, put(keys.get(3)), LeaseId.NONE);
        assertThat(ids()).extracting(RequestId::sequence).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(ids()).extracting(RequestId::completedBelow).containsExactly(1L, 1L, 1L, 1L, 3L);
    }

    /** Counts the ends of bursts with requests to a node: its connection is written to once at each. */
    private int burstsOf(Runnable call) {
        AtomicInteger ends = new AtomicInteger();
        Runnable end = ends::incrementAndGet;
        network.at(N1, (request, handler) -> Burst.atEnd(end));
        call.run();
        return ends.get();
    }

    @Test
    void theRequestsOfAllShardsAreWrittenTogether() {
        List<Integer> oneOfEachShard = IntStream.range(0, SHARDS)
                .mapToObj(shard -> inShard(shard, 1).get(0))
                .toList();
        List<Mutation> puts = oneOfEachShard.stream().map(SessionTest::put).toList();
        List<Bytes> keys = oneOfEachShard.stream().map(SessionTest::key).toList();
        assertThat(burstsOf(() -> session.writeAll(CACHE, puts))).isOne();
        assertThat(network.sent()).hasSize(SHARDS);
        assertThat(burstsOf(() -> session.getAll(CACHE, keys, true, Consistency.STRONG)))
                .isOne();
        assertThat(network.sent()).hasSize(2 * SHARDS);
    }

    @Test
    void aReadAsksForWhatTheSessionHasSeen() {
        network.at(N1, (request, handler) -> handler.reply(written((Request.Write) request, 42)));
        int key = inOneShard(1).get(0);
        WriteResult result = session.write(CACHE, put(key), LeaseId.NONE).join();
        assertThat(result.position()).isEqualTo(42);
        network.at(N1, (request, handler) -> {});
        session.get(CACHE, key(key), Consistency.STRONG);
        Request.Read read = (Request.Read) network.sent().get(1).request();
        assertThat(read.minPosition()).isEqualTo(42);
        assertThat(read.judgedAtMillis()).isEqualTo(1);
    }

    /** The logs of two shards need not agree on the time. */
    @Test
    void theExpiryClockOfOneShardDoesNotAffectAnother() {
        network.at(N1, (request, handler) -> handler.reply(written((Request.Write) request, 42)));
        session.write(CACHE, put(inShard(0, 1).get(0)), LeaseId.NONE).join();
        List<Long> told = new ArrayList<>();
        network.at(N1, (request, handler) -> told.add(((Request.Read) request).judgedAtMillis()));
        for (int shard = 1; shard < SHARDS; shard++) {
            session.get(CACHE, key(inShard(shard, 1).get(0)), Consistency.STRONG);
        }
        assertThat(told).containsExactly(0L, 0L, 0L);
    }

    @Test
    void aSessionThatWasForgottenTakesANewIdentity() {
        network.at(N1, (request, handler) -> {
            RequestId id = ((Request.Write) request).id();
            handler.reply(
                    id.completedBelow() > 1
                            ? Reply.Refused.of(Status.SESSION_EXPIRED, "forgotten")
                            : written((Request.Write) request, 1));
        });
        List<Integer> keys = inOneShard(2);
        assertThat(session.write(CACHE, put(keys.get(0)), LeaseId.NONE)).isCompleted();
        assertThat(session.write(CACHE, put(keys.get(1)), LeaseId.NONE)).isCompleted();
        assertThat(ids()).extracting(RequestId::sequence).containsExactly(1L, 2L, 1L);
        assertThat(ids().get(2).sessionHigh()).isNotEqualTo(ids().get(0).sessionHigh());
    }

    @Test
    void aRetryThatWasForgottenIsIndeterminateAndNotSentAsNew() {
        network.at(N1, (request, handler) -> handler.failed(true, new IOException("reset")));
        network.at(N2, (request, handler) -> handler.reply(Reply.Refused.of(Status.SESSION_EXPIRED, "forgotten")));
        assertThat(statusOf(session.write(CACHE, put(1), LeaseId.NONE))).isEqualTo(Status.INDETERMINATE);
        assertThat(ids()).hasSize(3).containsOnly(ids().get(0));
    }

    @Test
    void writeAllWaitsForEveryShardAndNamesWhatFailed() {
        List<Runnable> later = new ArrayList<>();
        network.at(N1, (request, handler) -> {
            Request.Write write = (Request.Write) request;
            if (write.shard() == 0) {
                handler.reply(Reply.Refused.of(Status.INVALID, "scripted"));
            } else {
                later.add(() -> handler.reply(written(write, 5)));
            }
        });
        List<Mutation> all = IntStream.range(0, 100).mapToObj(SessionTest::put).toList();
        CompletableFuture<Map<Bytes, WriteResult>> call = session.writeAll(CACHE, all);
        assertThat(network.sent()).hasSize(SHARDS);
        assertThat(call).isNotDone();
        later.forEach(Runnable::run);
        PartialWriteException partial = (PartialWriteException) failureOf(call);
        assertThat(partial.results()).isNotEmpty();
        assertThat(partial.failures()).isNotEmpty();
        assertThat(partial.results().size() + partial.failures().size()).isEqualTo(100);
        assertThat(partial.failures().values())
                .allSatisfy(cause ->
                        assertThat(((RequestFailedException) cause).status()).isEqualTo(Status.INVALID));
    }

    @Test
    void largeBatchesAreCutIntoManyRequests() {
        network.at(N1, (request, handler) -> handler.reply(written((Request.Write) request, 5)));
        Bytes large = Bytes.of(new byte[600 * 1024]);
        List<Mutation> all = inOneShard(5).stream()
                .map(number -> Mutation.put(key(number), large, Condition.ANY))
                .toList();
        assertThat(session.writeAll(CACHE, all).join()).hasSize(5);
        assertThat(network.sent()).hasSize(5);
    }

    @Test
    void aWriteThatIsTooLargeIsRefusedBeforeSending() {
        Bytes huge = Bytes.of(new byte[FrameCodec.MAX_ENTRY_BYTES]);
        Mutation mutation = Mutation.put(key(1), huge, Condition.ANY);
        assertThat(statusOf(session.write(CACHE, mutation, LeaseId.NONE))).isEqualTo(Status.INVALID);
        assertThat(statusOf(session.writeAll(CACHE, List.of(put(2), mutation)))).isEqualTo(Status.INVALID);
        assertThat(network.sent()).isEmpty();
    }

    @Test
    void valuesTooLargeForOneReplyAreAskedForInParts() {
        network.at(N1, (request, handler) -> {
            List<Bytes> keys = ((Request.Get) request).keys();
            List<EntryRead> entries = keys.stream()
                    .map(key -> new EntryRead(key, 1, Long.MAX_VALUE))
                    .toList();
            handler.reply(
                    keys.size() > 3
                            ? Reply.Refused.of(Status.TOO_LARGE, "scripted")
                            : new Reply.Entries(1, 1, 1, new ArrayList<>(entries)));
        });
        List<Bytes> keys = inOneShard(11).stream().map(SessionTest::key).toList();
        Map<Bytes, EntryRead> expected = new HashMap<>();
        keys.forEach(key -> expected.put(key, new EntryRead(key, 1, Long.MAX_VALUE)));
        assertThat(session.getAll(CACHE, keys, true, Consistency.STRONG).join()).isEqualTo(expected);
    }

    /** More than one request takes, all of one shard. */
    private List<Mutation> much() {
        return inOneShard(10 * WriteChunks.MAX_KEYS).stream()
                .map(SessionTest::put)
                .toList();
    }

    @Test
    void aDeadlineOfManyEntriesIsAboutProgress() {
        long[] free = new long[1];
        network.at(N1, (request, handler) -> {
            // It takes 1.5 s for each request, one after another.
            free[0] =
                    Math.max(free[0], world.nanos()) + Duration.ofMillis(1_500).toNanos();
            world.schedule(free[0] - world.nanos(), () -> handler.reply(written((Request.Write) request, 7)));
        });
        CompletableFuture<Map<Bytes, WriteResult>> call = session.writeAll(CACHE, much());
        world.pass(Duration.ofSeconds(14));
        assertThat(call).isNotDone();
        world.pass(Duration.ofSeconds(2));
        assertThat(call).isCompletedWithValueMatching(results -> results.size() == 10 * WriteChunks.MAX_KEYS);
    }

    @Test
    void partsAfterAFailedOneAreNotSent() {
        network.at(N1, (request, handler) -> handler.failed(true, new IOException("reset")));
        CompletableFuture<Map<Bytes, WriteResult>> call = session.writeAll(CACHE, much());
        world.pass(TIMEOUT.plusSeconds(1));
        PartialWriteException failure = (PartialWriteException) failureOf(call);
        assertThat(failure.failures()).hasSize(10 * WriteChunks.MAX_KEYS);
        assertThat(failure.failures().values())
                .extracting(one -> ((RequestFailedException) one).status())
                .contains(Status.INDETERMINATE, Status.NO_LEADER);
        assertThat(network.sent())
                .extracting(FakeNetwork.Sent::request)
                .filteredOn(request -> request instanceof Request.Write)
                .extracting(request -> ((Request.Write) request).id().sequence())
                .containsOnly(1L);
    }

    @Test
    void aLimitIsNamedWhereItIsPassed() {
        Bytes large = Bytes.of(new byte[FrameCodec.MAX_ENTRY_BYTES]);
        assertThat(failureOf(session.write(CACHE, Mutation.put(key(1), large, Condition.ANY), LeaseId.NONE)))
                .hasMessageContaining("The limit is 4 MiB")
                .hasMessageContaining("no setting changes it");
    }

    @Test
    void aLeaseThatIsGrantedToAnAttemptThatWasGivenUpIsGivenBack() {
        List<Link.ReplyHandler> handlers = new ArrayList<>();
        network.at(N1, (request, handler) -> {
            if (request instanceof Request.ReadForUpdate) {
                handlers.add(handler);
            } else if (request instanceof Request.Release) {
                handler.reply(new Reply.Released(1, 1, true));
            }
        });
        CompletableFuture<LeaseGrant> call = session.readForUpdate(CACHE, key(1));
        world.pass(TIMEOUT);
        assertThat(call).isCompletedExceptionally();
        int before = releases().size();
        handlers.get(0).reply(new Reply.Leased(1, 1, 0, null));
        assertThat(releases()).hasSize(before + 1);
    }

    @Test
    void aSecondGrantOfALeaseThatIsHeldDoesNotGiveItBack() {
        List<Link.ReplyHandler> handlers = new ArrayList<>();
        network.at(N1, (request, handler) -> handlers.add(handler));
        CompletableFuture<LeaseGrant> call = session.readForUpdate(CACHE, key(1));
        handlers.get(0).reply(new Reply.Leased(1, 1, 0, null));
        handlers.get(0).reply(new Reply.Leased(1, 1, 0, null));
        assertThat(call).isCompleted();
        assertThat(releases()).isEmpty();
        session.release(CACHE, key(1), call.join().id(), Condition.ANY);
        handlers.get(0).reply(new Reply.Leased(1, 1, 0, null));
        assertThat(releases()).hasSize(2);
    }

    private List<Request> releases() {
        return network.sent().stream()
                .map(FakeNetwork.Sent::request)
                .filter(Request.Release.class::isInstance)
                .toList();
    }

    private List<Request.RenewLeases> renewals() {
        return network.sent().stream()
                .map(FakeNetwork.Sent::request)
                .filter(Request.RenewLeases.class::isInstance)
                .map(Request.RenewLeases.class::cast)
                .toList();
    }

    @Test
    void allLeasesThatANodeHasAreRenewedByOneMessage() {
        network.at(N1, (request, handler) -> {
            if (request instanceof Request.ReadForUpdate asked && asked.lease().number() != 3) {
                handler.reply(new Reply.Leased(1, 1, 0, null));
            } else if (request instanceof Request.RenewLeases) {
                handler.reply(new Reply.Done());
            }
        });
        List<LeaseGrant> held = List.of(
                session.readForUpdate(CACHE, key(1)).join(),
                session.readForUpdate(CACHE, key(2)).join());
        CompletableFuture<LeaseGrant> waiting = session.readForUpdate(CACHE, key(3));
        assertThat(waiting).isNotDone();
        world.pass(Duration.ofMillis(1_100));
        assertThat(renewals()).hasSize(1);
        assertThat(renewals().get(0).leases())
                .extracting(Request.RenewLeases.Lease::number)
                .containsExactlyInAnyOrder(1L, 2L, 3L);
        session.release(CACHE, key(1), held.get(0).id(), Condition.ANY);
        world.pass(Duration.ofSeconds(1));
        assertThat(renewals().get(1).leases())
                .extracting(Request.RenewLeases.Lease::number)
                .containsExactlyInAnyOrder(2L, 3L);
        session.close();
        world.pass(Duration.ofSeconds(5));
        assertThat(renewals()).hasSize(2);
    }

    @Test
    void aLeaseThatOthersHavePassedOnIsRenewedThroughThem() {
        network.silence(N1);
        network.at(N2, (request, handler) -> {
            if (request instanceof Request.PassOn passed && passed.request() instanceof Request.ReadForUpdate) {
                handler.reply(new Reply.Leased(1, 1, 0, null));
            } else if (!(request instanceof Request.PassOn)) {
                handler.reply(new Reply.Refused(Status.MOVED, "elsewhere", 0, N1));
            }
        });
        CompletableFuture<LeaseGrant> lease = session.readForUpdate(CACHE, key(1));
        world.pass(Duration.ofSeconds(2));
        assertThat(lease).isCompleted();
        int before = network.sent().size();
        world.pass(Duration.ofSeconds(3));
        assertThat(network.sent().subList(before, before + 3)).allSatisfy(sent -> {
            assertThat(sent.to()).isEqualTo(N2);
            assertThat(sent.request()).isInstanceOfSatisfying(Request.PassOn.class, passed -> {
                assertThat(passed.to()).isEqualTo(N1);
                assertThat(passed.request()).isInstanceOf(Request.RenewLeases.class);
            });
        });
    }

    @Test
    void aLeaseIsNotRenewedForEver() {
        network.at(N1, (request, handler) -> {
            if (request instanceof Request.ReadForUpdate) {
                handler.reply(new Reply.Leased(1, 1, 0, null));
            }
        });
        session.readForUpdate(CACHE, key(1)).join();
        world.pass(Duration.ofMinutes(6));
        assertThat(renewals()).hasSizeBetween(290, 301);
    }

    @Test
    void aCreationAsksAgainWithTheIdThatItIsTold() {
        var definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
        network.at(N1, (request, handler) -> {
            Request.CreateCache asked = (Request.CreateCache) request;
            handler.reply(
                    asked.highestId() == 7
                            ? new Reply.Created(new CacheInfo(8, definition))
                            : new Reply.Caches(List.of(), 7));
        });
        assertThat(session.createCache(definition).join().id()).isEqualTo(8);
        assertThat(network.sent()).hasSize(2);
    }

    @Test
    void aLeaseThatIsNotHeardOfIsGivenBack() {
        network.at(N1, (request, handler) -> {
            if (request instanceof Request.Release) {
                handler.reply(new Reply.Released(1, 1, true));
            }
        });
        CompletableFuture<LeaseGrant> call = session.readForUpdate(CACHE, key(1));
        world.pass(TIMEOUT);
        assertThat(call).isCompletedExceptionally();
        Request.ReadForUpdate asked =
                (Request.ReadForUpdate) network.sent().get(0).request();
        assertThat(asked.waitMillis()).isLessThan(TIMEOUT.toMillis());
        assertThat(network.sent())
                .extracting(FakeNetwork.Sent::request)
                .contains(new Request.Release(CACHE, asked.shard(), key(1), asked.lease(), Condition.ANY));
    }
}
