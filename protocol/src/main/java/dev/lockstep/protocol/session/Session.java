package dev.lockstep.protocol.session;

import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.link.PositionVector;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.routing.RequestCounts;
import dev.lockstep.protocol.routing.Router;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.DrainedNode;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.Versions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A client's session with the cluster: it gives each write its request id (P1) and remembers how far it has seen, so that
 * no read goes back behind that (P2). One for each CacheManager. Thread-safe. Futures fail with {@link RequestFailedException},
 * and are completed on a link's thread or the caller's, so what depends on them must not block.
 */
public final class Session implements AutoCloseable {

    private static final Duration MAX_WAIT = Duration.ofMinutes(1);
    private static final Duration PROCESS_PATIENCE = Duration.ofSeconds(10);

    private final Router router;
    private final SessionPositions positions;
    private final SessionWrites writes;
    private final @Nullable LocalReplicas replicas;
    private final SessionLeases leases;
    private final List<ShardChanges> changes;
    /** The highest id of a cache that a creation was told. */
    private final AtomicInteger highestCacheId = new AtomicInteger();

    Session(Router router, @Nullable LocalReplicas replicas, Time time, EventLoop loop, Entropy entropy) {
        this.router = router;
        this.replicas = replicas;
        this.positions = new SessionPositions(router.view().map().shards());
        this.writes = new SessionWrites(router, positions, loop, entropy);
        this.leases = new SessionLeases(router, time, loop, entropy);
        this.changes = IntStream.range(0, router.view().map().shards())
                .mapToObj(shard -> new ShardChanges(router, loop, positions, shard))
                .toList();
    }

    // Caches

    /** Creates the cache, or attaches to one with an equal definition; the cluster's templates play no part. */
    public CompletableFuture<CacheInfo> createCache(CacheDefinition definition) {
        return createCache(CacheProposal.exactly(definition)).thenApply(AttachedCache::info);
    }

    /** Creates the cache, or attaches to one that has all that the proposal says. */
    public CompletableFuture<AttachedCache> createCache(CacheProposal proposal) {
        return createCache(understood(proposal), router.deadline());
    }

    /** A cluster that has no bounds in bytes does not understand that none is wanted either. */
    private CacheProposal understood(CacheProposal proposal) {
        boolean none = proposal.said().maxBytes().orElse(0) == 0;
        return none && !view().layout().clusterVersion().hasMemory() ? proposal.withoutMaxBytes() : proposal;
    }

    private CompletableFuture<AttachedCache> createCache(CacheProposal proposal, Deadline deadline) {
        return router.call(new Request.CreateCache(proposal, highestCacheId.get()), deadline)
                .thenCompose(reply -> {
                    if (reply instanceof Reply.Created created) {
                        highestCacheId.accumulateAndGet(created.cache().id(), Math::max);
                        return CompletableFuture.completedFuture(new AttachedCache(created.cache(), true));
                    }
                    Reply.Caches answer = (Reply.Caches) reply;
                    highestCacheId.accumulateAndGet(answer.highestId(), Math::max);
                    return answer.caches().isEmpty()
                            ? createCache(proposal, deadline)
                            : CompletableFuture.completedFuture(
                                    new AttachedCache(answer.caches().get(0), false));
                });
    }

    /** Changes what a cache is; see {@link Request.AlterCache}. */
    public CompletableFuture<CacheInfo> alterCache(Request.AlterCache alteration) {
        return router.call(alteration)
                .thenApply(reply -> ((Reply.Caches) reply).caches().get(0));
    }

    /** All caches that exist, linearizably. */
    public CompletableFuture<List<CacheInfo>> caches() {
        return router.call(new Request.ListCaches()).thenApply(reply -> ((Reply.Caches) reply).caches());
    }

    /** Destroys a cache and its entries. */
    public CompletableFuture<Void> destroyCache(int cacheId) {
        return router.call(new Request.DestroyCache(cacheId)).thenApply(reply -> null);
    }

    // Reads

    /**
     * Reads from a replica in this JVM on the caller's thread.
     *
     * @return {@link LocalEntry#ABSENT} if there is no entry; null when no replica here can answer now: then {@link #get}
     */
    public @Nullable LocalEntry getLocal(int cacheId, Bytes key) {
        return replicas == null ? null : replicas.get(cacheId, shardOf(cacheId, key), key, positions);
    }

    public CompletableFuture<ReadResult> get(int cacheId, Bytes key, Consistency consistency) {
        return read(cacheId, shardOf(cacheId, key), List.of(key), true, consistency)
                .thenApply(entries -> new ReadResult(entries.entries().get(0), entries.lastVersion()));
    }

    /**
     * Reads many keys, each shard's in one request, all shards at once.
     *
     * @param withValues false to learn only which are there: values come back empty
     * @return the entries that are there
     */
    public CompletableFuture<Map<Bytes, EntryRead>> getAll(
            int cacheId, Collection<Bytes> keys, boolean withValues, Consistency consistency) {
        List<CompletableFuture<Map<Bytes, EntryRead>>> parts = new ArrayList<>();
        Burst.run(() -> byShard(cacheId, keys, key -> key).forEach((shard, ofShard) -> {
            // One after another, each with a deadline of its own: so that is about progress, however much there is to
            // read.
            CompletableFuture<Map<Bytes, EntryRead>> part = CompletableFuture.completedFuture(new HashMap<>());
            for (List<Bytes> chunk : WriteChunks.of(ofShard, Bytes::size)) {
                part = part.thenCompose(found -> readChunk(cacheId, shard, chunk, withValues, consistency)
                        .thenApply(more -> union(found, more)));
            }
            parts.add(part);
        }));
        return all(parts).thenApply(ignored -> {
            Map<Bytes, EntryRead> found = new HashMap<>();
            parts.forEach(part -> found.putAll(part.join()));
            return found;
        });
    }

    /** Values too large for one reply are asked for in two. */
    private CompletableFuture<Map<Bytes, EntryRead>> readChunk(
            int cacheId, int shard, List<Bytes> keys, boolean withValues, Consistency consistency) {
        CompletableFuture<Map<Bytes, EntryRead>> whole =
                read(cacheId, shard, keys, withValues, consistency).thenApply(reply -> zip(keys, reply));
        return whole.exceptionallyCompose(failure -> {
            if (keys.size() == 1 || !isTooLarge(failure)) {
                return CompletableFuture.failedFuture(Futures.cause(failure));
            }
            int half = keys.size() / 2;
            return readChunk(cacheId, shard, keys.subList(0, half), withValues, consistency)
                    .thenCombine(
                            readChunk(cacheId, shard, keys.subList(half, keys.size()), withValues, consistency),
                            Session::union);
        });
    }

    private static boolean isTooLarge(Throwable failure) {
        return Futures.cause(failure) instanceof RequestFailedException refused && refused.status() == Status.TOO_LARGE;
    }

    private static Map<Bytes, EntryRead> union(Map<Bytes, EntryRead> one, Map<Bytes, EntryRead> other) {
        one.putAll(other);
        return one;
    }

    private CompletableFuture<Reply.Entries> read(
            int cacheId, int shard, List<Bytes> keys, boolean withValues, Consistency consistency) {
        return router.call(new Request.Get(
                        cacheId,
                        shard,
                        keys,
                        withValues,
                        consistency,
                        positions.position(shard),
                        positions.judgedAtMillis(shard)))
                .thenApply(reply -> {
                    Reply.Entries entries = (Reply.Entries) reply;
                    saw(shard, entries.position(), entries.judgedAtMillis());
                    return entries;
                });
    }

    private static Map<Bytes, EntryRead> zip(List<Bytes> keys, Reply.Entries reply) {
        Map<Bytes, EntryRead> found = new HashMap<>();
        for (int i = 0; i < keys.size(); i++) {
            EntryRead entry = reply.entries().get(i);
            if (entry != null) {
                found.put(keys.get(i), entry);
            }
        }
        return found;
    }

    /**
     * One page of a cache's keys in a shard, in the order of {@link Bytes#compareTo}.
     *
     * @param after exclusive; null for the first page
     * @param limit 1 to 10,000
     */
    public CompletableFuture<Reply.Keys> scan(
            int cacheId, int shard, @Nullable Bytes after, int limit, Consistency consistency) {
        CompletableFuture<Reply.Keys> page = router.call(new Request.Scan(
                        cacheId,
                        shard,
                        after,
                        limit,
                        consistency,
                        positions.position(shard),
                        positions.judgedAtMillis(shard)))
                .thenApply(reply -> {
                    Reply.Keys keys = (Reply.Keys) reply;
                    saw(shard, keys.position(), keys.judgedAtMillis());
                    return keys;
                });
        return page.exceptionallyCompose(failure -> limit > 1 && isTooLarge(failure)
                ? scan(cacheId, shard, after, limit / 2, consistency)
                : CompletableFuture.failedFuture(Futures.cause(failure)));
    }

    /** Counts the entries of a cache, in all shards. */
    public CompletableFuture<Long> size(int cacheId, Consistency consistency) {
        List<CompletableFuture<Long>> parts = IntStream.range(0, shards())
                .mapToObj(shard -> size(cacheId, shard, consistency))
                .toList();
        return all(parts)
                .thenApply(ignored ->
                        parts.stream().mapToLong(CompletableFuture::join).sum());
    }

    private CompletableFuture<Long> size(int cacheId, int shard, Consistency consistency) {
        return router.call(new Request.Size(
                        cacheId, shard, consistency, positions.position(shard), positions.judgedAtMillis(shard)))
                .thenApply(reply -> {
                    Reply.Count count = (Reply.Count) reply;
                    saw(shard, count.position(), count.judgedAtMillis());
                    return count.count();
                });
    }

    // Writes

    /**
     * Applies one mutation.
     *
     * @param lease given back with it; {@link LeaseId#NONE} for none
     */
    public CompletableFuture<WriteResult> write(int cacheId, Mutation mutation, LeaseId lease) {
        CompletableFuture<WriteResult> write = writes.write(cacheId, shardOf(cacheId, mutation.key()), mutation, lease);
        if (lease.isNone()) {
            return write;
        }
        return write.whenComplete((result, failure) -> leases.ended(lease));
    }

    /**
     * Applies mutations of different keys, each shard's together, all shards at once. Waits for every part, then fails with
     * {@link PartialWriteException} if any failed.
     */
    public CompletableFuture<Map<Bytes, WriteResult>> writeAll(int cacheId, Collection<Mutation> mutations) {
        return writes.writeAll(cacheId, byShard(cacheId, mutations, Mutation::key));
    }

    /** Removes all entries of a cache, without an event for each. */
    public CompletableFuture<Void> clear(int cacheId) {
        return all(IntStream.range(0, shards())
                .mapToObj(shard -> writes.clear(cacheId, shard))
                .toList());
    }

    // Moments

    /** Returns the positions that this session has observed by now. Costs no request. */
    public PositionVector moment() {
        return positions.moment();
    }

    /**
     * Returns the current positions of the cluster: whatever any client was acknowledged before is before this moment.
     * Asks each shard's leader.
     */
    public CompletableFuture<PositionVector> now(int cacheId) {
        return size(cacheId, Consistency.STRONG).thenApply(size -> positions.moment());
    }

    /** The last version of a key's shard that the session had seen at a moment of its own: a lower bound of what it was. */
    public long lastVersionAt(PositionVector moment, int cacheId, Bytes key) {
        return Versions.lastAt(moment.position(shardOf(cacheId, key)));
    }

    // Leases

    /** Reads as {@link #readForUpdate(int, Bytes, Duration)} does, in the queue for a minute if it has to be. */
    public CompletableFuture<LeaseGrant> readForUpdate(int cacheId, Bytes key) {
        return readForUpdate(cacheId, key, MAX_WAIT);
    }

    /**
     * Waits for the lease of an entry and reads the entry. The holder gives it back with a write or {@link #release};
     * until then it is kept, for five minutes at most, as long as this session lives and is connected with the leader.
     * To cancel the future is to give up waiting.
     *
     * @param wait how long to queue for it, at most a minute; a little less than the time-out if that is shorter, so
     *     that it is the leader who says that it did not become free: {@link Status#LEASE_TIMEOUT}
     */
    public CompletableFuture<LeaseGrant> readForUpdate(int cacheId, Bytes key, Duration wait) {
        int shard = shardOf(cacheId, key);
        long waitMillis = Math.min(wait.toMillis(), router.timeout().toMillis() * 9 / 10);
        return leases.acquire(
                cacheId, shard, key, waitMillis, leased -> saw(shard, leased.position(), leased.judgedAtMillis()));
    }

    /**
     * Gives a lease back. It ends by itself soon, should the request be lost.
     *
     * @param condition {@link Condition#ANY}, or what a quorum shall confirm first
     * @return whether the condition held
     */
    public CompletableFuture<Boolean> release(int cacheId, Bytes key, LeaseId lease, Condition condition) {
        int shard = shardOf(cacheId, key);
        leases.ended(lease);
        return router.call(new Request.Release(cacheId, shard, key, lease, condition))
                .thenApply(reply -> {
                    Reply.Released released = (Reply.Released) reply;
                    saw(shard, released.position(), released.judgedAtMillis());
                    return released.held();
                });
    }

    /** Keeps no lease of a cache any more: each ends soon, if it is not given back before. */
    public void forgetLeases(int cacheId) {
        leases.forget(cacheId);
    }

    // Checkpoints

    /** See {@link Request.FetchCheckpoint}. */
    public CompletableFuture<Reply.Checkpoint> fetchCheckpoint(
            int shard, long since, long term, long position, long offset) {
        return router.call(new Request.FetchCheckpoint(shard, since, term, position, offset))
                .thenApply(reply -> (Reply.Checkpoint) reply);
    }

    // Nodes

    /** Returns which node is drained, linearizably. */
    public CompletableFuture<DrainedNode> drained() {
        return router.call(new Request.DescribeDrained()).thenApply(reply -> ((Reply.Drained) reply).drained());
    }

    /** Drains a node, or ends that; see {@link Request.DrainNode}. */
    public CompletableFuture<DrainedNode> drain(Request.DrainNode drain) {
        return router.call(drain).thenApply(reply -> ((Reply.Drained) reply).drained());
    }

    /** Returns who may do what, linearizably, without what passwords are verified by. */
    public CompletableFuture<AccessRules> access() {
        return router.call(new Request.DescribeAccess()).thenApply(reply -> ((Reply.Access) reply).rules());
    }

    /** Changes who may do what; see {@link Request.ChangeAccess}. */
    public CompletableFuture<AccessRules> changeAccess(Request.ChangeAccess change) {
        return router.call(change).thenApply(reply -> ((Reply.Access) reply).rules());
    }

    /** Has a {@link Request.AddNode}, {@link Request.RemoveNode} or {@link Request.MoveReplica} decided; it comes about later. */
    public CompletableFuture<Void> changeLayout(Request change) {
        return router.call(change).thenAccept(done -> {});
    }

    /** Returns which version each member runs, and which it can do. A member that does not answer within two seconds is missing. */
    public CompletableFuture<Map<Member, Reply.Versions>> versions() {
        return askAll(
                new Request.DescribeVersions(), reply -> reply instanceof Reply.Versions versions ? versions : null);
    }

    /** Raises the version of the cluster; see {@link Request.RaiseVersion}. */
    public CompletableFuture<Void> raiseVersion(ClusterVersion to) {
        return router.call(new Request.RaiseVersion(to)).thenAccept(done -> {});
    }

    /** Asks how the cluster is now: the leader of the control group, or any member if that is not known. */
    public CompletableFuture<ClusterView> currentView() {
        return router.currentView();
    }

    // Replicas

    /** Returns the state of each member's replicas. A member that does not answer within two seconds is missing. */
    public CompletableFuture<Map<Member, List<ReplicaStatus>>> replicas() {
        return askAll(
                new Request.DescribeReplicas(), reply -> reply instanceof Reply.Replicas told ? told.replicas() : null);
    }

    /** Asks each member of the view; one that does not answer within two seconds, or answers something else, is missing. */
    private <A> CompletableFuture<Map<Member, A>> askAll(Request request, Function<Reply, @Nullable A> answered) {
        Map<Member, CompletableFuture<Reply>> replies = new LinkedHashMap<>();
        view().members().forEach(member -> replies.put(member, router.ask(member, request)));
        return CompletableFuture.allOf(replies.values().toArray(CompletableFuture[]::new))
                .thenApply(all -> {
                    Map<Member, A> answers = new LinkedHashMap<>();
                    replies.forEach((member, reply) -> {
                        A answer = answered.apply(reply.join());
                        if (answer != null) {
                            answers.put(member, answer);
                        }
                    });
                    return answers;
                });
    }

    /**
     * Returns what each member knows of itself, as above.
     *
     * @param triesDisks whether they are also to try their disks
     */
    public CompletableFuture<Map<Member, Reply.NodeFacts>> facts(boolean triesDisks) {
        return askAll(
                new Request.DescribeNode(triesDisks), reply -> reply instanceof Reply.NodeFacts facts ? facts : null);
    }

    /** Returns what each member answers when asked for its meters: {@link Reply.Text}, or a refusal. As above. */
    public CompletableFuture<Map<Member, Reply>> meters() {
        return askAll(new Request.ReadMeters(), reply -> reply);
    }

    /** Asks about the process of a member. Null if it does not answer within ten seconds: recording may take that long to begin. */
    public CompletableFuture<@Nullable Reply> ask(Member member, Request.OfProcess request) {
        return router.ask(member, request, PROCESS_PATIENCE);
    }

    /** See {@link Request.RecoverReplica}. Null if the member does not answer within two seconds. */
    public CompletableFuture<@Nullable Reply> recoverReplica(Member member, int group, long term, boolean electable) {
        return router.ask(member, new Request.RecoverReplica(group, term, electable));
    }

    // Changes and topology

    /** Hears of all changes of a cache until the subscription is closed. */
    public Subscription subscribe(int cacheId, ChangeListener listener) {
        return new Subscription(changes, cacheId, listener);
    }

    /** Counts the requests of this session; reads that replicas in this JVM answer without one are not among them. */
    public RequestCounts requests() {
        return router.counts();
    }

    /**
     * Returns the longest time for which a replica in this JVM has not been in touch with its leader; empty without a node in this JVM. See
     * {@link LocalReplicas#sinceContactNanos}.
     */
    public Optional<Duration> staleness() {
        OptionalLong nanos = replicas == null ? OptionalLong.empty() : replicas.sinceContactNanos();
        return nanos.isPresent() ? Optional.of(Duration.ofNanos(nanos.getAsLong())) : Optional.empty();
    }

    public ClusterView view() {
        return router.view();
    }

    public int shards() {
        return router.view().map().shards();
    }

    /** Deadline of each operation, retries included. */
    public Duration timeout() {
        return router.timeout();
    }

    @Override
    public void close() {
        leases.close();
        router.close();
    }

    private int shardOf(int cacheId, Bytes key) {
        return router.view().map().shardOf(cacheId, key.hash64());
    }

    private void saw(int shard, long position, long judgedAtMillis) {
        positions.saw(shard, position);
        positions.judged(shard, judgedAtMillis);
    }

    private <T> Map<Integer, List<T>> byShard(int cacheId, Collection<T> values, Function<T, Bytes> key) {
        Map<Integer, List<T>> byShard = new TreeMap<>();
        for (T value : values) {
            byShard.computeIfAbsent(shardOf(cacheId, key.apply(value)), shard -> new ArrayList<>())
                    .add(value);
        }
        return byShard;
    }

    static CompletableFuture<Void> all(List<? extends CompletableFuture<?>> parts) {
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
    }
}
