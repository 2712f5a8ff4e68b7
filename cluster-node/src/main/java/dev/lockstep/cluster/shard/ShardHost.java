package dev.lockstep.cluster.shard;

import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The replicas of this node, by shard: some come and some go while it runs. Thread-safe; they are changed by one thread. */
public final class ShardHost implements LocalReplicas, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ShardHost.class);

    /** The sessions in this JVM: there is no connection that could be closed before the node is. */
    private static final Caller THIS_JVM = () -> true;

    /** A write has no more mutations than a batch has room for versions. */
    static final int MAX_MUTATIONS = 4_096;

    private static final Map<Class<? extends Request.ToShard>, Handler<Request.ToShard>> HANDLERS = new HashMap<>();

    static {
        handle(Request.Get.class, (replica, get, caller, reply) -> replica.read(get, reply));
        handle(Request.Scan.class, (replica, scan, caller, reply) -> replica.read(scan, reply));
        handle(Request.Size.class, (replica, size, caller, reply) -> replica.read(size, reply));
        handle(Request.Write.class, (replica, write, caller, reply) -> {
            if (isWithinBounds(write)) {
                replica.write(write, reply);
            } else {
                reply.accept(outOfBounds());
            }
        });
        handle(Request.Clear.class, (replica, clear, caller, reply) -> replica.clear(clear, reply));
        handle(Request.ReadForUpdate.class, (replica, read, caller, reply) -> {
            if (isWithinBounds(read)) {
                replica.readForUpdate(read, caller, reply);
            } else {
                reply.accept(outOfBounds());
            }
        });
        handle(Request.Release.class, (replica, release, caller, reply) -> replica.release(release, reply));
        handle(Request.FetchCheckpoint.class, (replica, fetch, caller, reply) -> replica.checkpoint(fetch, reply));
    }

    /** Serves requests of one type. */
    private interface Handler<Q extends Request.ToShard> {
        void serve(ShardReplica replica, Q request, Caller caller, Consumer<Reply> reply);
    }

    private static <Q extends Request.ToShard> void handle(Class<Q> type, Handler<Q> handler) {
        HANDLERS.put(
                type, (replica, request, caller, reply) -> handler.serve(replica, type.cast(request), caller, reply));
    }

    private volatile Hosted hosted;

    /** The replicas at one time. Not changed. */
    private static final class Hosted {

        /** By shard; null where none is hosted. */
        private final @Nullable ShardReplica[] byShard;

        /** In order, since what is done to all in turn must not depend on the JVM. */
        private final Map<Integer, ShardReplica> all;

        Hosted(Map<Integer, ShardReplica> replicas) {
            int shards = replicas.keySet().stream()
                    .mapToInt(shard -> shard + 1)
                    .max()
                    .orElse(0);
            this.byShard = new ShardReplica[shards];
            replicas.forEach((shard, replica) -> byShard[shard] = replica);
            this.all = Collections.unmodifiableMap(new TreeMap<>(replicas));
        }

        @Nullable
        ShardReplica of(int shard) {
            return shard >= 0 && shard < byShard.length ? byShard[shard] : null;
        }
    }

    /** @param replicas that it begins with, by shard */
    public ShardHost(Map<Integer, ShardReplica> replicas) {
        this.hosted = new Hosted(replicas);
    }

    /** Hosts a replica from now on, of a shard that has none here. */
    public void host(int shard, ShardReplica replica) {
        Map<Integer, ShardReplica> replicas = new TreeMap<>(hosted.all);
        replicas.put(shard, replica);
        hosted = new Hosted(replicas);
    }

    /** Hosts no replica of a shard any more: requests about it are refused as moved. The replica's log is the caller's to remove. */
    public void release(int shard) {
        Map<Integer, ShardReplica> replicas = new TreeMap<>(hosted.all);
        ShardReplica gone = replicas.remove(shard);
        if (gone != null) {
            hosted = new Hosted(replicas);
            gone.release(notHosted(shard));
        }
    }

    /** The shards that are hosted, in order; the same map until one comes or goes. */
    public Map<Integer, ShardReplica> replicas() {
        return hosted.all;
    }

    /** The times of those logs that this node knows. */
    public List<Reply.Clock.LogTime> logTimes() {
        List<Reply.Clock.LogTime> times = new ArrayList<>();
        replicas().forEach((shard, replica) -> {
            if (replica.hasTime()) {
                times.add(new Reply.Clock.LogTime(shard, replica.timeMillis()));
            }
        });
        return times;
    }

    /** The replica of a shard, or null if it is not hosted here. */
    public @Nullable ShardReplica replica(int shard) {
        return hosted.of(shard);
    }

    @Override
    public @Nullable LocalEntry get(int cacheId, int shard, Bytes key, SessionPositions session) {
        ShardReplica replica = replica(shard);
        return replica == null ? null : replica.get(cacheId, key, session);
    }

    @Override
    public @Nullable CompletableFuture<Reply> serve(Request.ToShard request) {
        ShardReplica replica = replica(request.shard());
        if (replica == null || !replica.isAlone()) {
            return null;
        }
        CompletableFuture<Reply> answer = new CompletableFuture<>();
        try {
            serve(request, THIS_JVM, answer::complete);
        } catch (RuntimeException failure) {
            LOG.error("{} failed", request.getClass().getSimpleName(), failure);
            answer.complete(Reply.Refused.of(Status.INTERNAL, "The node failed: " + failure));
        }
        return answer;
    }

    @Override
    public OptionalLong sinceContactNanos() {
        return hosted.all.values().stream()
                .mapToLong(ShardReplica::sinceContactNanos)
                .filter(nanos -> nanos != Long.MAX_VALUE)
                .max();
    }

    /** The types of the requests that {@link #serve} answers. */
    public static Set<Class<? extends Request.ToShard>> served() {
        return Set.copyOf(HANDLERS.keySet());
    }

    /** Serves a request about a shard, or refuses one about a shard that is not hosted here. */
    public void serve(Request.ToShard request, Caller caller, Consumer<Reply> reply) {
        ShardReplica replica = replica(request.shard());
        if (replica == null) {
            reply.accept(notHosted(request.shard()));
            return;
        }
        Handler<Request.ToShard> handler = HANDLERS.get(request.getClass());
        if (handler == null) {
            reply.accept(Reply.Refused.of(Status.INVALID, "Not a request that a shard answers: " + request));
        } else {
            handler.serve(replica, request, caller, reply);
        }
    }

    private static Reply outOfBounds() {
        return Reply.Refused.of(
                Status.INVALID,
                "A write without mutations or with more than " + MAX_MUTATIONS
                        + ", or a lease without an id or beyond its bounds: it is waited for at most "
                        + EntryLeases.MAX_WAIT_MILLIS + " ms, and lives 1 to " + EntryLeases.MAX_HOLD_MILLIS
                        + " ms without a sign of life");
    }

    /** Renews leases of one session. Leases of shards that are not led here are not renewed. */
    public void renew(Request.RenewLeases request) {
        for (Request.RenewLeases.Lease lease : request.leases()) {
            ShardReplica replica = replica(lease.shard());
            if (replica != null) {
                replica.renew(new LeaseId(request.sessionHigh(), request.sessionLow(), lease.number()));
            }
        }
    }

    /** Ends the leases that were asked for over a connection that is closed. */
    public void disconnected(Caller caller) {
        hosted.all.values().forEach(replica -> replica.disconnected(caller));
    }

    private static Reply.Refused notHosted(int shard) {
        return Reply.Refused.of(Status.MOVED, "Shard " + shard + " is not hosted here");
    }

    private static boolean isWithinBounds(Request.Write write) {
        return !write.mutations().isEmpty() && write.mutations().size() <= MAX_MUTATIONS;
    }

    private static boolean isWithinBounds(Request.ReadForUpdate read) {
        return !read.lease().isNone()
                && read.waitMillis() >= 0
                && read.waitMillis() <= EntryLeases.MAX_WAIT_MILLIS
                && read.holdMillis() >= 1
                && read.holdMillis() <= EntryLeases.MAX_HOLD_MILLIS;
    }

    /**
     * Tells the changes of caches in a shard.
     *
     * @param wanted whether they are still wanted, asked before the subscription begins
     * @param begun takes the task that ends the subscription
     */
    public void subscribe(
            Request.Subscribe request, Consumer<Reply> replies, BooleanSupplier wanted, Consumer<Runnable> begun) {
        ShardReplica replica = replica(request.shard());
        if (replica == null) {
            replies.accept(notHosted(request.shard()));
        } else if (request.caches().size() > Request.Subscribe.MAX_CACHES) {
            replies.accept(Reply.Refused.of(
                    Status.INVALID,
                    "A subscription to shard " + request.shard() + " has at most " + Request.Subscribe.MAX_CACHES
                            + " caches, not " + request.caches().size()));
        } else {
            replica.subscribe(request, replies, wanted, begun);
        }
    }

    /** Runs the periodic tasks of a shard's leader. */
    public void upkeep() {
        hosted.all.values().forEach(ShardReplica::upkeep);
    }

    /** Tells whether {@link #upkeep} would have nothing to do within a time unless something changes. */
    public boolean isQuietFor(long millis) {
        return hosted.all.values().stream().allMatch(replica -> replica.isQuietFor(millis));
    }

    @Override
    public void close() {
        hosted.all.values().forEach(ShardReplica::close);
    }
}
