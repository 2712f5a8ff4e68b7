package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The links to the members, and the checks that they are alive. A member that gave no sign of life is asked for one until it does. The
 * view of the cluster is refreshed now and then, and with each failure to reach a member. Thread-safe; never blocks.
 */
final class MemberContacts implements AutoCloseable {

    private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long PROBE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** Pause between two refreshes of the view, without which all members that are known could be gone one day. */
    private static final long FOLLOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final LeaderDirectory directory;
    private final List<Member> seeds;
    private final Links links;
    private final @Nullable EmbeddedNode local;
    private final EventLoop loop;
    private final Entropy entropy;
    private final Map<Member, LivenessProbe> probes = new ConcurrentHashMap<>();
    private final AtomicBoolean refreshing = new AtomicBoolean();
    private volatile boolean closed;

    /**
     * @param seeds asked how the cluster is while no member answers, since all may have moved to other addresses
     * @param local the node in this JVM, which is called without a connection
     */
    MemberContacts(
            LeaderDirectory directory,
            List<Member> seeds,
            Links links,
            @Nullable EmbeddedNode local,
            EventLoop loop,
            Entropy entropy) {
        this.directory = directory;
        this.seeds = seeds;
        this.links = links;
        this.local = local;
        this.loop = loop;
        this.entropy = entropy;
        loop.schedule(FOLLOW_NANOS, this::follow);
    }

    private void follow() {
        if (!closed) {
            refresh();
            loop.schedule(FOLLOW_NANOS, this::follow);
        }
    }

    Link link(Member member) {
        return local != null && member.id().equals(local.member().id()) ? local.link() : links.to(member);
    }

    /** Sends a request once, and ignores the answer. */
    void tell(Member member, Request request) {
        link(member).send(request, Link.ReplyHandler.IGNORED);
    }

    /** Asks one member, once. Null if it does not answer within two seconds. */
    CompletableFuture<@Nullable Reply> ask(Member member, Request request) {
        return ask(member, request, ANSWER_NANOS);
    }

    /** Asks one member, once. Null if it does not answer within that time. */
    CompletableFuture<@Nullable Reply> ask(Member member, Request request, long withinNanos) {
        CompletableFuture<@Nullable Reply> answer = new CompletableFuture<>();
        link(member).send(request, new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                answer.complete(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                answer.complete(null);
            }
        });
        loop.schedule(withinNanos, () -> answer.complete(null));
        return answer;
    }

    /** Returns the probe that notices when the member falls silent while a request waits for it. */
    LivenessProbe probe(Member member) {
        LivenessProbe known = probes.get(member);
        return known != null
                ? known
                : probes.computeIfAbsent(member, it -> new LivenessProbe(loop, () -> askForSignOfLife(member)));
    }

    /** Records a sign of life. */
    void heard(Member member) {
        probe(member).heard();
        directory.heard(member.id());
    }

    /** Records that the member has given no sign of life. */
    void silent(Member member) {
        askUntilHeard(member);
        refresh();
    }

    private void askUntilHeard(Member member) {
        if (directory.silent(member.id())) {
            loop.schedule(PROBE_NANOS, () -> askAgain(member.id()));
        }
    }

    private void askForSignOfLife(Member member) {
        link(member).send(new Request.DescribeCluster(), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                heard(member);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                // The requests that wait for the node fail as well; a silent one is asked again.
            }
        });
    }

    private void askAgain(NodeId node) {
        Member member = directory.member(node);
        if (closed || member == null || !directory.isSilent(node)) {
            return;
        }
        askForSignOfLife(member);
        refresh(); // it may be reached elsewhere now
        loop.schedule(PROBE_NANOS, () -> askAgain(node));
    }

    /** Asks one of those that may answer for the cluster's current view; at most one such question is in flight. */
    void refresh() {
        if (refreshing.compareAndSet(false, true)) {
            List<Member> asked = directory.areAllSilent()
                    ? Stream.concat(directory.view().members().stream(), seeds.stream())
                            .toList()
                    : directory.talking();
            Member member = asked.get(entropy.nextInt(asked.size()));
            boolean isSeed = seeds.contains(member);
            ask(member, new Request.DescribeCluster()).thenAccept(reply -> {
                refreshing.set(false);
                if (!isSeed && reply == null) {
                    askUntilHeard(member);
                } else if (!isSeed && reply instanceof Reply.Cluster) {
                    heard(member);
                }
                if (reply instanceof Reply.Cluster cluster) {
                    directory.learn(cluster.view());
                }
            });
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Closes the links, which fails what is in flight on them. Idempotent. */
    @Override
    public void close() {
        closed = true;
        links.close();
    }
}
