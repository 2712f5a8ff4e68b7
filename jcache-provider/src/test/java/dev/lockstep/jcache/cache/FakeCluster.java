package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/**
 * A cluster of one node in memory with one cache. Requests are answered on the thread that sends them, but for leases that have to be waited
 * for; time passes only when the test says so. Thread-safe.
 */
final class FakeCluster implements EmbeddedNode, Links {

    static final int CACHE = 1;
    static final int SHARDS = 2;
    private static final int ALL_SHARDS = -1;

    private final ManualEventLoop loop = new ManualEventLoop();
    private final AtomicLong entropy = new AtomicLong();
    private final Member member = new Member(new NodeId("n1"), "here", 0);
    private final CacheDefinition definition;
    private final List<FakeShard> shards;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Map<Class<? extends Request>, Status> refusals = new ConcurrentHashMap<>();
    private final Set<Class<? extends Request>> once = ConcurrentHashMap.newKeySet();
    private final AtomicReference<Runnable> beforeLease = new AtomicReference<>(() -> {});
    private volatile int refusedShard = ALL_SHARDS;
    private volatile boolean destroyed;
    private volatile boolean answersLocally;

    FakeCluster(CacheDefinition definition) {
        this.definition = definition;
        this.shards = IntStream.range(0, SHARDS)
                .mapToObj(shard -> new FakeShard(definition.expiry(), loop))
                .toList();
    }

    /** A new client of the cluster. */
    Session session() {
        return new SessionFactory(this, Duration.ofSeconds(10), loop, loop, entropy::incrementAndGet).embedded(this);
    }

    CacheInfo info() {
        return new CacheInfo(CACHE, definition);
    }

    /** Lets the replicas in this JVM answer session reads from now on. */
    void answerLocally() {
        answersLocally = true;
    }

    /** Refuses requests of a type from now on, without carrying them out. */
    void refuse(Class<? extends Request> type, Status status) {
        refusals.put(type, status);
    }

    /** Refuses the next request of a type, without carrying it out. */
    void refuseOnce(Class<? extends Request> type, Status status) {
        once.add(type);
        refuse(type, status);
    }

    /** Refuses writes of one shard from now on, without carrying them out. */
    void refuseWrites(int shard, Status status) {
        refusedShard = shard;
        refuse(Request.Write.class, status);
    }

    /** Carries out everything again. */
    void refuseNothing() {
        refusals.clear();
        refusedShard = ALL_SHARDS;
    }

    /** Runs a task once, before the next lease is asked for. */
    void beforeLease(Runnable task) {
        beforeLease.set(task);
    }

    /** Destroys the cache, as another client would. */
    void destroyCache() {
        destroyed = true;
    }

    void pass(Duration time) {
        loop.pass(time.toNanos());
    }

    /** Returns the requests about entries of a type that have arrived so far, in order. */
    <R extends Request> List<R> requests(Class<R> type) {
        return requests.stream().filter(type::isInstance).map(type::cast).toList();
    }

    void forgetRequests() {
        requests.clear();
    }

    int leasesHeld() {
        return shards.stream().mapToInt(FakeShard::leasesHeld).sum();
    }

    private void serve(Request request, Link.ReplyHandler handler) {
        if (request instanceof Request.ReadForUpdate) {
            beforeLease.getAndSet(() -> {}).run();
        }
        requests.add(request);
        Status refusal = refusals.get(request.getClass());
        if (once.remove(request.getClass())) {
            refusals.remove(request.getClass());
        }
        if (refusal != null && (refusedShard == ALL_SHARDS || refusedShard == shardOf(request))) {
            handler.reply(Reply.Refused.of(refusal, "refused by the test"));
        } else if (request instanceof Request.DescribeCluster) {
            List<List<NodeId>> replicas = Collections.nCopies(SHARDS, List.of(member.id()));
            Map<Integer, NodeId> leaders = new ConcurrentHashMap<>();
            IntStream.range(-1, SHARDS).forEach(group -> leaders.put(group, member.id()));
            handler.reply(
                    new Reply.Cluster(new ClusterView("test", List.of(member), new ShardMap(1, replicas), leaders)));
        } else if (request instanceof Request.Subscribe subscribe) {
            if (destroyed) {
                handler.reply(new Reply.Subscribed(1, List.of(CACHE)));
            } else {
                shards.get(subscribe.shard()).serve(subscribe, handler);
            }
        } else if (request instanceof Request.OfCache ofCache) {
            if (destroyed) {
                handler.reply(Reply.Refused.of(Status.NO_SUCH_CACHE, "cache " + ofCache.cacheId()));
            } else {
                shards.get(ofCache.shard()).serve(ofCache, handler);
            }
        } else {
            handler.reply(new Reply.Done());
        }
    }

    private static int shardOf(Request request) {
        return request instanceof Request.ToShard toShard ? toShard.shard() : ALL_SHARDS;
    }

    @Override
    public Member member() {
        return member;
    }

    @Override
    public Link link() {
        return new Link() {
            @Override
            public long send(Request request, ReplyHandler handler) {
                serve(request, handler);
                return requests.size();
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public LocalReplicas replicas() {
        return (cacheId, shard, key, session) ->
                answersLocally ? shards.get(shard).local(key) : null;
    }

    @Override
    public Link to(Member any) {
        return link();
    }

    @Override
    public void close() {}
}
