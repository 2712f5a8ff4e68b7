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
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends a request where the map says, learns from the answer, and tries again within the deadline, always with the same
 * request id. Thread-safe; never blocks.
 */
public final class Router implements AutoCloseable {

    private static final long ATTEMPT_NANOS = TimeUnit.SECONDS.toNanos(2);
    /**
     * Deadline for a request that another node passes on: if it can't reach the leader either, there is a new one soon.
     */
    private static final long DETOUR_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final long PROBE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final Link.ReplyHandler IGNORED = new Link.ReplyHandler() {
        @Override
        public void reply(Reply reply) {}

        @Override
        public void failed(boolean sent, Throwable cause) {}
    };

    private final Links links;
    private final @Nullable EmbeddedNode local;
    private final Time time;
    private final EventLoop loop;
    private final Entropy entropy;
    private final Duration timeout;
    private final LeaderDirectory directory;
    private final Map<NodeId, LivenessProbe> pulses = new ConcurrentHashMap<>();
    private final RequestDescriptions subject = new RequestDescriptions();
    private final AtomicBoolean refreshing = new AtomicBoolean();
    private volatile boolean closed;

    public Router(
            ClusterView view,
            Links links,
            @Nullable EmbeddedNode local,
            Duration timeout,
            Time time,
            EventLoop loop,
            Entropy entropy) {
        this.links = links;
        this.local = local;
        this.time = time;
        this.loop = loop;
        this.entropy = entropy;
        this.timeout = timeout;
        NodeId localId = local == null ? null : local.member().id();
        this.directory = new LeaderDirectory(view, localId, entropy.nextInt(1 << 16), time);
    }

    public ClusterView view() {
        return directory.view();
    }

    public Duration timeout() {
        return timeout;
    }

    /** Answers a definite reply, never a {@link Reply.Refused}: that fails with {@link RequestFailedException}. */
    public CompletableFuture<Reply> call(Request request) {
        return call(request, deadline());
    }

    /** As {@link #call(Request)}, by a deadline that counts since before. */
    public CompletableFuture<Reply> call(Request request, Deadline deadline) {
        return call(request, deadline, late -> {});
    }

    /** As above; {@code late} is given what an attempt brought that was given up, after another had or the call had failed. */
    public CompletableFuture<Reply> call(Request request, Deadline deadline, Consumer<Reply> late) {
        Call call = new Call(request, deadline, late);
        call.attempt();
        return call.result;
    }

    /** Asks one member, once. Null if it does not answer within two seconds. */
    public CompletableFuture<@Nullable Reply> ask(Member member, Request request) {
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
        loop.schedule(ATTEMPT_NANOS, () -> answer.complete(null));
        return answer;
    }

    /** The way to the leader of a shard: straight, or through another member when it does not answer here. */
    public Route toLeader(int shard) {
        NodeId leader = directory.ledBy(shard);
        Member through = leader != null && directory.isSilent(leader) ? directory.wayRound(leader) : null;
        return through == null ? new Route(directory.leader(shard), null) : new Route(through, leader);
    }

    /** Sends a request once, and listens to no answer. */
    public void tell(Route route, Request request) {
        link(route.to()).send(route.along(request), IGNORED);
    }

    /** By which an operation that begins now must have ended. */
    public Deadline deadline() {
        return Deadline.after(time, timeout);
    }

    public long remainingNanos(Deadline deadline) {
        return Math.max(0, deadline.remainingNanos(time));
    }

    public boolean isClosed() {
        return closed;
    }

    /** Opens a stream of replies at the {@code attempt}-th best node; retrying is the caller's. */
    public Stream stream(Request.Subscribe request, int attempt, Link.ReplyHandler handler) {
        List<Member> candidates = directory.candidates(request, false);
        Member member = candidates.get(attempt % candidates.size());
        Opening opening = new Opening(member, handler);
        pulse(member).await(opening);
        Link link = link(member);
        Stream stream = new Stream(link, link.send(request, opening));
        opening.stream = stream;
        return stream;
    }

    /** A subscription on a link. */
    public record Stream(Link link, long correlationId) {

        /** Ends it, also where it has not begun yet. */
        public void end() {
            if (link.isOpen()) {
                link.send(new Request.Unsubscribe(correlationId), IGNORED);
            }
        }
    }

    private Link link(Member member) {
        return local != null && member.id().equals(local.member().id()) ? local.link() : links.to(member);
    }

    private LivenessProbe pulse(Member member) {
        LivenessProbe known = pulses.get(member.id());
        return known != null
                ? known
                : pulses.computeIfAbsent(member.id(), id -> new LivenessProbe(loop, () -> ask(member)));
    }

    private void heard(Member member) {
        pulse(member).heard();
        directory.heard(member.id());
    }

    private void ask(Member member) {
        link(member).send(new Request.DescribeCluster(), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                heard(member);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                // So does whoever waits for the node; a silent one is asked again.
            }
        });
    }

    /** The node has given no sign of life: it is asked for one until it does. */
    private void silent(Member member) {
        if (directory.silent(member.id())) {
            loop.schedule(PROBE_NANOS, () -> probe(member));
        }
        refresh();
    }

    private void probe(Member member) {
        if (closed || !directory.isSilent(member.id())) {
            return;
        }
        ask(member);
        loop.schedule(PROBE_NANOS, () -> probe(member));
    }

    /** Asks one of the members how the cluster looks now; at most one such question is under way. */
    private void refresh() {
        if (refreshing.compareAndSet(false, true)) {
            List<Member> members = directory.talking();
            Member member = members.get(entropy.nextInt(members.size()));
            ask(member, new Request.DescribeCluster()).thenAccept(reply -> {
                refreshing.set(false);
                if (reply instanceof Reply.Cluster cluster) {
                    heard(member);
                    directory.learn(cluster.view());
                }
            });
        }
    }

    /** Ends what is under way: it fails as at its deadline. Idempotent. */
    @Override
    public void close() {
        closed = true;
        links.close();
    }

    /** A subscription that has yet to begin: a node that is silent meanwhile fails it. Later replies pass. */
    private final class Opening implements Link.ReplyHandler, LivenessProbe.Waiter {

        private final Member member;
        private final Link.ReplyHandler handler;
        private final AtomicBoolean over = new AtomicBoolean();
        private volatile @Nullable Stream stream;

        Opening(Member member, Link.ReplyHandler handler) {
            this.member = member;
            this.handler = handler;
        }

        @Override
        public void silent() {
            if (over.compareAndSet(false, true)) {
                Router.this.silent(member);
                Stream late = stream;
                if (late != null) {
                    late.end();
                }
                handler.failed(true, new TimeoutException("Node " + member + " gives no sign of life"));
            }
        }

        @Override
        public void reply(Reply reply) {
            if (over.compareAndSet(false, true)) {
                pulse(member).forget(this);
            }
            heard(member);
            handler.reply(reply);
        }

        @Override
        public void failed(boolean sent, Throwable cause) {
            if (over.compareAndSet(false, true)) {
                pulse(member).forget(this);
            }
            handler.failed(sent, cause);
        }
    }

    /** One request on its way, through all its attempts. Steps follow each other; only a late reply may come between. */
    private final class Call {

        private final Request request;
        private final int group;
        private final boolean fromLeader;
        private final Deadline deadline;
        private final Consumer<Reply> late;
        private final CompletableFuture<Reply> result = new CompletableFuture<>();
        private int attempts;
        private boolean fallBack;
        private boolean maybeDone;
        private final Set<NodeId> tried = new HashSet<>();
        private final Set<NodeId> lost = new HashSet<>();
        private final Set<NodeId> detours = new HashSet<>();
        private @Nullable Route detour;
        private @Nullable RequestFailedException last;

        Call(Request request, Deadline deadline, Consumer<Reply> late) {
            this.request = request;
            this.deadline = deadline;
            this.late = late;
            this.group = request instanceof Request.ToShard toShard ? toShard.shard() : LeaderDirectory.CONTROL;
            this.fromLeader = request.route() == Request.Route.LEADER || request.route() == Request.Route.CONTROL;
        }

        void attempt() {
            if (result.isDone()) {
                return;
            }
            List<Member> candidates = directory.candidates(request, fallBack);
            boolean unreachable = directory.unreachableFor().compareTo(timeout) > 0;
            if (candidates.isEmpty() || closed || unreachable) {
                giveUp(unreachable);
                return;
            }
            attempts++;
            Attempt attempt = new Attempt(route(candidates));
            attempt.start(Math.min(patience(attempt.route), remainingNanos(deadline)));
        }

        private Route route(List<Member> candidates) {
            Route learnt = detour;
            NodeId leader = fromLeader && attempts == 1 ? directory.ledBy(group) : null;
            Member through = leader == null ? null : directory.detour(leader);
            detour = null;
            if (through != null) {
                learnt = new Route(through, leader);
            }
            if (learnt != null) {
                detours.add(learnt.to().id());
                return learnt;
            }
            return new Route(target(candidates), null);
        }

        /**
         * The best that was not tried in this round; after the last a new round begins. A silent node is asked when all are
         * silent.
         */
        private Member target(List<Member> candidates) {
            boolean allSilent = directory.isSilent(candidates.get(0).id());
            for (Member candidate : candidates) {
                if (!tried.contains(candidate.id()) && (allSilent || !directory.isSilent(candidate.id()))) {
                    return candidate;
                }
            }
            tried.clear();
            detours.clear();
            return candidates.get(0);
        }

        /** Queueing for a lease takes as long as it takes; that the node is dead meanwhile, its pulse tells. */
        private long patience(Route route) {
            if (route.passedOnTo() != null) {
                return DETOUR_NANOS;
            }
            return request.waitsForOthers() ? Long.MAX_VALUE : ATTEMPT_NANOS;
        }

        private void refused(Route route, Reply.Refused refused) {
            Status status = refused.status();
            if (request.isRefusedOnceApplied() && maybeDone && status.kind() == Status.Kind.PERMANENT) {
                result.completeExceptionally(new RequestFailedException(
                        Status.INDETERMINATE,
                        "An earlier attempt may have been applied; the last was refused: " + refused.message()));
                return;
            }
            maybeDone |= request.mutates() && status.kind() == Status.Kind.INDETERMINATE;
            last = new RequestFailedException(status, refused.message());
            RetryDecision advice = RetryDecision.after(refused, attempts);
            if (advice.elsewhere()) {
                tried.add(route.to().id());
            }
            learn(route, refused);
            follow(detour == null ? advice : advice.atOnce());
        }

        private void learn(Route route, Reply.Refused refused) {
            NodeId answering = route.to().id();
            if (route.passedOnTo() != null) {
                directory.reachedNot(route.passedOnTo(), answering);
            }
            NodeId leader = refused.leader();
            if (leader != null) {
                directory.leads(group, leader);
                // Others may reach a leader that does not answer here.
                if (directory.isSilent(leader) && !directory.isLocal(answering) && detours.add(answering)) {
                    detour = new Route(route.to(), leader);
                }
            } else if (refused.status() == Status.MOVED || refused.status() == Status.NO_LEADER) {
                directory.leadsNot(group, route.passedOnTo() == null ? answering : route.passedOnTo());
            }
            if (refused.status() == Status.BEHIND) {
                directory.behind(group, answering);
                if (!fallBack) {
                    fallBack = true;
                    tried.clear();
                }
            }
        }

        /** A connection that breaks says little about the node: it is asked once more, over another. */
        private void lost(Route route, boolean sent, Throwable cause) {
            if (!sent || !lost.add(route.to().id())) {
                silent(route, sent, cause);
                return;
            }
            maybeDone |= request.mutates();
            last = unreachable(route.to(), cause);
            attempt();
        }

        private void silent(Route route, boolean sent, Throwable cause) {
            Router.this.silent(route.to());
            unanswered(route, sent, cause);
        }

        /** The node lives, as far as is known, but something keeps it from answering this. */
        private void unanswered(Route route, boolean sent, Throwable cause) {
            maybeDone |= request.mutates() && sent;
            last = unreachable(route.to(), cause);
            if (route.passedOnTo() == null) {
                directory.leadsNot(group, route.to().id());
            } else {
                directory.reachedNot(route.passedOnTo(), route.to().id());
            }
            refresh();
            tried.add(route.to().id());
            follow(RetryDecision.afterSilence(attempts - lost.size()));
        }

        private static RequestFailedException unreachable(Member target, Throwable cause) {
            return new RequestFailedException(
                    Status.NO_LEADER, "Node " + target + " can't be reached or does not answer: " + cause, cause);
        }

        private void follow(RetryDecision advice) {
            if (!advice.again()) {
                RequestFailedException cause = last;
                result.completeExceptionally(
                        cause == null
                                ? new RequestFailedException(Status.NO_LEADER, subject.of(request) + " was not sent")
                                : new RequestFailedException(
                                        cause.status(), subject.of(request) + ": " + cause.getMessage(), cause));
                return;
            }
            int upToMillis = (int) Math.min(advice.delayMillis() / 2, Integer.MAX_VALUE - 1);
            long jittered = advice.delayMillis() + (upToMillis <= 0 ? 0 : entropy.nextInt(upToMillis + 1));
            long delay = TimeUnit.MILLISECONDS.toNanos(jittered);
            if (closed || deadline.remainingNanos(time) <= delay) {
                giveUp(false);
            } else if (delay == 0 && attempts < 3) {
                attempt();
            } else {
                loop.schedule(delay, this::attempt);
            }
        }

        private void giveUp(boolean unreachable) {
            RequestFailedException cause = last;
            Status none = cause == null ? Status.NO_LEADER : cause.status();
            Status status = maybeDone ? Status.INDETERMINATE : none;
            String what = subject.of(request);
            String when = closed
                    ? " before the session was closed"
                    : unreachable
                            ? ": no node of cluster " + directory.view().cluster() + " has answered for "
                                    + directory.unreachableFor().toSeconds()
                                    + " s, so nothing is waited for until one does;"
                            : " within " + timeout.toMillis() + " ms";
            result.completeExceptionally(new RequestFailedException(
                    status,
                    what + " did not succeed" + when + " and " + attempts + " attempts"
                            + (maybeDone ? "; it may have been applied" : "; nothing was applied")
                            + (cause == null ? "" : ". Last: " + cause.getMessage()),
                    cause));
        }

        /** One try at one node: the first of reply, failure and time-out counts; a late definite reply still helps. */
        private final class Attempt implements Link.ReplyHandler, LivenessProbe.Waiter {

            private final Route route;
            private final LivenessProbe pulse;
            private final AtomicBoolean over = new AtomicBoolean();
            private EventLoop.@Nullable Timer timer;

            Attempt(Route route) {
                this.route = route;
                this.pulse = pulse(route.to());
            }

            void start(long nanos) {
                timer = loop.schedule(nanos, this::timedOut);
                pulse.await(this);
                link(route.to()).send(route.along(request), this);
            }

            private void timedOut() {
                if (first()) {
                    unanswered(route, true, new TimeoutException("no answer in time"));
                }
            }

            @Override
            public void silent() {
                if (first()) {
                    Call.this.silent(route, true, new TimeoutException("no sign of life"));
                }
            }

            private boolean first() {
                boolean first = over.compareAndSet(false, true);
                if (first) {
                    pulse.forget(this);
                    if (timer != null) {
                        timer.cancel();
                    }
                }
                return first;
            }

            @Override
            public void reply(Reply reply) {
                boolean first = first();
                heard(route.to());
                subject.learn(reply);
                if (!(reply instanceof Reply.Refused refused)) {
                    answered();
                    if (!result.complete(reply)) {
                        late.accept(reply);
                    }
                } else if (first && !result.isDone()) {
                    refused(route, refused);
                }
            }

            private void answered() {
                NodeId beyond = route.passedOnTo();
                if (beyond != null) {
                    directory.reached(beyond, route.to().id());
                }
                if (fromLeader) {
                    directory.leads(group, beyond == null ? route.to().id() : beyond);
                }
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                if (first() && !result.isDone()) {
                    lost(route, sent, cause);
                }
            }
        }
    }

    /**
     * The way of a request.
     *
     * @param passedOnTo the leader that it shall pass the request on to, because it does not answer here; else null
     */
    public record Route(Member to, @Nullable NodeId passedOnTo) {

        private Request along(Request request) {
            return passedOnTo == null ? request : new Request.PassOn(passedOnTo, request);
        }
    }
}
