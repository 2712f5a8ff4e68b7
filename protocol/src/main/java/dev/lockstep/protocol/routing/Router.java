package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends a request where the map says, learns from the answer, and tries again within the deadline, always with the same
 * request id. Thread-safe; never blocks.
 */
public final class Router implements AutoCloseable {

    private static final Consumer<Reply> NOT_LATE = late -> {};

    private final LeaderDirectory directory;
    private final MemberContacts contacts;
    private final RoutingContext context;
    private final @Nullable EmbeddedNode local;

    /**
     * @param seeds servers that tell how the cluster is, should no member of the view answer; their ids are not those of nodes
     * @param local the node in this JVM, if there is one
     */
    public Router(
            ClusterView view,
            List<Member> seeds,
            Links links,
            @Nullable EmbeddedNode local,
            Duration timeout,
            Time time,
            EventLoop loop,
            Entropy entropy) {
        this.local = local;
        NodeId localId = local == null ? null : local.member().id();
        this.directory = new LeaderDirectory(view, localId, entropy.nextInt(1 << 16), time);
        this.contacts = new MemberContacts(directory, seeds, links, local, loop, entropy);
        this.context = new RoutingContext(
                directory,
                contacts,
                new LeaderQueues(loop, entropy),
                new RequestDescriptions(),
                new RequestCounts(),
                timeout,
                time,
                loop,
                entropy);
    }

    public ClusterView view() {
        return directory.view();
    }

    /** Asks the leader of the control group how the cluster is now, or any member if that is not known. */
    public CompletableFuture<ClusterView> currentView() {
        return call(new Request.DescribeCluster()).thenApply(reply -> {
            directory.learn(((Reply.Cluster) reply).view());
            return directory.view();
        });
    }

    /** Counts the calls since the router was made. */
    public RequestCounts counts() {
        return context.counts();
    }

    public Duration timeout() {
        return context.timeout();
    }

    /** Answers a definite reply, never a {@link Reply.Refused}: that fails with {@link RequestFailedException}. */
    public CompletableFuture<Reply> call(Request request) {
        long begun = context.time().nanos();
        return call(request, begun, new Deadline(begun + context.timeout().toNanos()), NOT_LATE);
    }

    /** Calls as {@link #call(Request)} does, by a deadline that counts since before. */
    public CompletableFuture<Reply> call(Request request, Deadline deadline) {
        return call(request, deadline, NOT_LATE);
    }

    /**
     * Calls by a deadline; {@code late} is given the reply of an attempt that was given up, after another had one or
     * the call had failed.
     */
    public CompletableFuture<Reply> call(Request request, Deadline deadline, Consumer<Reply> late) {
        return call(request, context.time().nanos(), deadline, late);
    }

    /** A request that the node in this JVM refuses is tried again as if it had been sent there. */
    private CompletableFuture<Reply> call(Request request, long begun, Deadline deadline, Consumer<Reply> late) {
        CompletableFuture<Reply> here = here(request);
        if (here == null) {
            return new RoutedCall(context, request, begun, deadline, late).start();
        }
        if (here.isDone() && !(here.join() instanceof Reply.Refused)) {
            answeredHere(request, begun);
            return here;
        }
        return here.thenCompose(reply -> {
            if (reply instanceof Reply.Refused refused && local != null) {
                return new RoutedCall(context, request, begun, deadline, late).startAfter(local.member(), refused);
            }
            answeredHere(request, begun);
            return CompletableFuture.completedFuture(reply);
        });
    }

    private void answeredHere(Request request, long begun) {
        context.succeeded(begun);
        if (request.route() == Request.Route.LEADER && request instanceof Request.ToShard toShard) {
            context.leaderQueues().answered(toShard.shard());
        }
    }

    /** Has a request served in this JVM if no other node is needed for that: null if it has to be sent. */
    private @Nullable CompletableFuture<Reply> here(Request request) {
        return local != null && request instanceof Request.ToShard toShard && !contacts.isClosed()
                ? local.replicas().serve(toShard)
                : null;
    }

    /** Asks one member, once. Null if it does not answer within two seconds. */
    public CompletableFuture<@Nullable Reply> ask(Member member, Request request) {
        return contacts.ask(member, request);
    }

    /** Likewise, within a time that the caller chooses. */
    public CompletableFuture<@Nullable Reply> ask(Member member, Request request, Duration within) {
        return contacts.ask(member, request, within.toNanos());
    }

    /** Returns the route to the leader of a shard: direct, or through another member when it does not answer here. */
    public Route toLeader(int shard) {
        NodeId leader = directory.ledBy(shard);
        Member through = leader != null && directory.isSilent(leader) ? directory.wayRound(leader) : null;
        return through == null ? new Route(directory.leader(shard), null) : new Route(through, leader);
    }

    /** Sends a request once, and ignores the answer. */
    public void tell(Route route, Request request) {
        contacts.tell(route.to(), route.along(request));
    }

    /** Returns the deadline of an operation that begins now. */
    public Deadline deadline() {
        return Deadline.after(context.time(), context.timeout());
    }

    public long remainingNanos(Deadline deadline) {
        return Math.max(0, deadline.remainingNanos(context.time()));
    }

    public boolean isClosed() {
        return contacts.isClosed();
    }

    /** Opens a stream of replies at the {@code attempt}-th best node; retrying is the caller's. */
    public Stream stream(Request.Subscribe request, int attempt, Link.ReplyHandler handler) {
        List<Member> candidates = directory.candidates(request, false);
        Member member = candidates.get(attempt % candidates.size());
        return stream(request, member, contacts.link(member), handler);
    }

    /**
     * Opens a stream that brings the changes of another one too, at the same node.
     *
     * @param additions the caches that it brings besides
     * @param position up to which the changes of {@code base} have been received
     */
    public Stream extend(Stream base, long position, Request.Subscribe additions, Link.ReplyHandler handler) {
        return stream(additions.extending(base.correlationId, position), base.opening.member(), base.link, handler);
    }

    private Stream stream(Request.Subscribe request, Member member, Link link, Link.ReplyHandler handler) {
        StreamOpening opening = new StreamOpening(contacts, member, handler);
        contacts.probe(member).await(opening);
        Stream stream = new Stream(link, link.send(request, opening), opening);
        opening.opens(stream);
        return stream;
    }

    /** A subscription on a link. */
    public static final class Stream {

        private final Link link;
        private final long correlationId;
        private final StreamOpening opening;

        private Stream(Link link, long correlationId, StreamOpening opening) {
            this.link = link;
            this.correlationId = correlationId;
            this.opening = opening;
        }

        /** Ends it, also where it has not begun yet. */
        public void end() {
            opening.stopWaiting(); // there may be no reply any more that does
            if (link.isOpen()) {
                link.send(new Request.Unsubscribe(correlationId), Link.ReplyHandler.IGNORED);
            }
        }
    }

    /** Fails the calls in flight as at their deadline. Idempotent. */
    @Override
    public void close() {
        contacts.close();
        context.leaderQueues().close();
    }
}
