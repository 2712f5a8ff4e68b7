package dev.lockstep.cluster.node;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.RepeatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks each other member every second how the cluster is, so that each knows which process this node is, and keeps why one of them
 * can't be worked with. Thread-safe; the lock guards what is known of the others.
 */
final class MemberHandshakes {

    private static final Logger LOG = LoggerFactory.getLogger(MemberHandshakes.class);

    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** After that long a link has failed by itself, if only its peer is asleep. */
    private static final long SILENT_NANOS = TimeUnit.SECONDS.toNanos(6);
    /** More than the others take to give up a process that has ended without their noticing. */
    private static final long IN_USE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Links links;
    private final Supplier<List<Member>> others;
    private final Consumer<ClusterView> views;
    private final Time time;
    private final EventLoop loop;
    private final RepeatedLog log;
    private final Set<Member> unheard;
    private final Map<Member, String> troubles = new HashMap<>();
    private final Map<Member, Long> refusedSinceNanos = new HashMap<>();
    private final CompletableFuture<Void> introduced = new CompletableFuture<>();
    private final CompletableFuture<RequestFailedException> excluded = new CompletableFuture<>();

    /**
     * @param others the members besides this one, at present
     * @param views takes what they say of the cluster; on any thread
     */
    MemberHandshakes(
            Links links, Supplier<List<Member>> others, Consumer<ClusterView> views, Time time, EventLoop loop) {
        this.links = links;
        this.others = others;
        this.views = views;
        this.time = time;
        this.loop = loop;
        this.log = new RepeatedLog(time);
        this.unheard = new HashSet<>(others.get());
    }

    /** Begins, and goes on until the loop is closed. */
    void begin() {
        loop.schedule(SILENT_NANOS, this::hurry);
        introduce();
        if (others.get().isEmpty()) {
            introduced.complete(null);
        }
    }

    /** Stops waiting for peers that have not answered by now: they may be suspended. */
    private synchronized void hurry() {
        unheard.clear();
        decide();
    }

    private void introduce() {
        for (Member other : others.get()) {
            links.to(other).send(new Request.DescribeCluster(), new Link.ReplyHandler() {
                @Override
                public void reply(Reply reply) {
                    if (reply instanceof Reply.Cluster cluster) {
                        views.accept(cluster.view());
                    }
                    met(other);
                }

                @Override
                public void failed(boolean sent, Throwable cause) {
                    trouble(other, cause);
                }
            });
        }
        loop.schedule(INTERVAL_NANOS, this::introduce);
    }

    private synchronized void met(Member other) {
        troubles.remove(other);
        refusedSinceNanos.remove(other);
        unheard.remove(other);
        decide();
    }

    private synchronized void trouble(Member other, Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        unheard.remove(other);
        if (cause instanceof RequestFailedException refused) {
            troubles.put(other, message);
            log.say(other + message, "Node " + other + " does not work with this one: " + message, LOG::warn);
            if (refused.status() == Status.NODE_IN_USE) {
                long since = refusedSinceNanos.computeIfAbsent(other, none -> time.nanos());
                if (time.nanos() - since >= IN_USE_NANOS) {
                    excluded.complete(refused);
                }
            } else if (refused.status() == Status.CLUSTER_VERSION) {
                excluded.complete(refused);
            }
        } else {
            troubles.put(other, "it can't be reached: " + message);
            refusedSinceNanos.remove(other);
        }
        decide();
    }

    private void decide() {
        if (unheard.isEmpty() && refusedSinceNanos.isEmpty()) {
            introduced.complete(null);
        }
    }

    /**
     * Returns a future that is done when each other member has been asked, and none knows another process with this
     * node's id.
     */
    CompletableFuture<Void> introduced() {
        return introduced;
    }

    /**
     * Returns a future that is done, with the refusal, when this node can't be one of the cluster: a member has said for ten seconds that
     * another process is this node, or that the cluster has a version that this node can't do.
     */
    CompletableFuture<RequestFailedException> excluded() {
        return excluded;
    }

    /** The members that can't be worked with at this moment, each with the reason. */
    synchronized Map<String, String> troubles() {
        Map<String, String> all = new TreeMap<>();
        troubles.forEach((member, why) -> all.put(member.toString(), why));
        return all;
    }
}
