package dev.lockstep.jcache.spi;

import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.netty.NettyListener;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A cluster of one node that listens on loopback: it has a catalogue of caches and one shard, which is empty and refuses all but subscriptions, to
 * which nothing ever happens. Thread-safe.
 */
final class ListeningCluster implements AutoCloseable {

    private static final NodeId NODE = new NodeId("n1");

    private volatile NettyListener listener;
    private final Map<String, CacheInfo> caches = new LinkedHashMap<>();
    private final List<CacheProposal> proposals = new ArrayList<>();
    /** The open subscriptions of all clients, by connection and correlation id. */
    private final Map<RequestServer.Connection, Map<Long, Request.Subscribe>> streams = new HashMap<>();

    private boolean refusing;
    private int highestId;
    private int described;

    ListeningCluster() throws IOException {
        listener = listen(0);
    }

    private NettyListener listen(int port) throws IOException {
        return new NettyListener(
                "127.0.0.1", port, "test", NodeIdentity.untold(NODE), FrameCodec.DEFAULT_MAX_BYTES, this::connected);
    }

    /** Closes all connections, and listens at the same port again. */
    void restart() throws IOException {
        int port = listener.port();
        listener.close();
        listener = listen(port);
    }

    URI uri() {
        return URI.create("lockstep://127.0.0.1:" + listener.port() + "/test?timeout=5s");
    }

    /** Creates a cache as a client with other settings would. */
    synchronized CacheInfo create(CacheDefinition definition) {
        CacheInfo created = new CacheInfo(++highestId, definition);
        caches.put(definition.name(), created);
        return created;
    }

    /** Destroys a cache as another client would. */
    synchronized void destroy(String name) {
        caches.remove(name);
    }

    /** Refuses to count entries from now on, without which no listener is registered. */
    synchronized void refuseToCount() {
        refusing = true;
    }

    synchronized List<String> names() {
        return List.copyOf(caches.keySet());
    }

    /** Returns what the clients have proposed so far. */
    synchronized List<CacheProposal> proposals() {
        return List.copyOf(proposals);
    }

    /** Returns how often a client has opened a session. */
    synchronized int sessions() {
        return described;
    }

    private RequestServer.Connection connected(Identity peer, RequestServer.Replies replies) {
        return new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                subscriptions(this, correlationId, request);
                replies.send(correlationId, reply(request));
            }

            @Override
            public void closed() {
                forget(this);
            }
        };
    }

    private synchronized void subscriptions(RequestServer.Connection peer, long correlationId, Request request) {
        Map<Long, Request.Subscribe> own = streams.computeIfAbsent(peer, none -> new HashMap<>());
        if (request instanceof Request.Subscribe subscribe) {
            own.put(correlationId, subscribe.base() == 0 ? subscribe : together(own.get(subscribe.base()), subscribe));
        } else if (request instanceof Request.Unsubscribe ended) {
            own.remove(ended.correlationId());
        }
    }

    private static Request.Subscribe together(Request.Subscribe base, Request.Subscribe addition) {
        Set<Request.Subscribe.Start> caches = new LinkedHashSet<>(base.caches());
        caches.addAll(addition.caches());
        return new Request.Subscribe(addition.shard(), addition.minPosition(), List.copyOf(caches));
    }

    private synchronized void forget(RequestServer.Connection peer) {
        streams.remove(peer);
    }

    /** Returns the number of caches of each open change stream. */
    synchronized List<Integer> cachesByStream() {
        return streams.values().stream()
                .flatMap(own -> own.values().stream())
                .map(subscribe -> subscribe.caches().size())
                .toList();
    }

    private synchronized Reply reply(Request request) {
        if (request instanceof Request.DescribeCluster) {
            described++;
            Member member = new Member(NODE, "127.0.0.1", listener.port());
            return new Reply.Cluster(
                    new ClusterView("test", List.of(member), new ShardMap(1, List.of(List.of(NODE))), Map.of(0, NODE)));
        } else if (request instanceof Request.ListCaches) {
            return new Reply.Caches(List.copyOf(caches.values()), highestId);
        } else if (request instanceof Request.CreateCache wanted) {
            return attached(wanted.proposal());
        } else if (request instanceof Request.DestroyCache destroyed) {
            caches.values().removeIf(cache -> cache.id() == destroyed.cacheId());
            return new Reply.Done();
        } else if (request instanceof Request.DescribeReplicas) {
            return new Reply.Replicas(List.of(
                    new ReplicaStatus(-1, ReplicaStatus.State.INTACT, 1, 1, true, ""),
                    new ReplicaStatus(0, ReplicaStatus.State.INTACT, 1, 1, true, ""),
                    new ReplicaStatus(1, ReplicaStatus.State.CATCHING_UP, 1, 1, false, "")));
        } else if (request instanceof Request.Subscribe) {
            return new Reply.Subscribed(1, List.of());
        } else if (request instanceof Request.Size && !refusing) {
            return new Reply.Count(1, 1, 0);
        }
        return Reply.Refused.of(Status.INVALID, "the shard of the test takes no such request");
    }

    private Reply attached(CacheProposal proposal) {
        proposals.add(proposal);
        CacheInfo known = caches.get(proposal.name());
        return known == null
                ? new Reply.Created(create(proposal.completed(CacheSettings.NOTHING)))
                : new Reply.Caches(List.of(known), highestId);
    }

    @Override
    public void close() {
        listener.close();
    }
}
