package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request in flight, through all its attempts until its deadline. It fails as indeterminate once any attempt may have been applied.
 * Steps follow each other; only a late reply may come between.
 */
final class RoutedCall {

    private static final long ATTEMPT_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** Deadline for a request that another node passes on: if it can't reach the leader either, there is a new one soon. */
    private static final long DETOUR_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final RoutingContext context;
    private final RouteSelection selection;
    private final Request request;
    private final long begun;
    private final Deadline deadline;
    private final Consumer<Reply> late;
    private final CompletableFuture<Reply> result = new CompletableFuture<>();
    private final Set<NodeId> lost = new HashSet<>();
    private final LeaderQueue.Waiting waiting = this::goOn;
    private EventLoop.@Nullable Timer expiry;
    private int attempts;
    private boolean maybeDone;
    private @Nullable RequestFailedException last;

    /**
     * @param begun in terms of the context's {@code Time#nanos}
     * @param late is given the reply of an attempt that was given up, after another had one or the call had failed
     */
    RoutedCall(RoutingContext context, Request request, long begun, Deadline deadline, Consumer<Reply> late) {
        this.context = context;
        this.selection = new RouteSelection(context.directory(), request);
        this.request = request;
        this.begun = begun;
        this.deadline = deadline;
        this.late = late;
    }

    CompletableFuture<Reply> start() {
        if (selection.isFromLeader() && context.leaderQueues().isBlocked(selection.group()) && !isUnreachable()) {
            expire();
            context.leaderQueues().of(selection.group()).join(waiting);
        } else {
            attempt();
        }
        return result;
    }

    /** Begins with what came of a first attempt: the refusal of a member. */
    CompletableFuture<Reply> startAfter(Member member, Reply.Refused refused) {
        attempts++;
        refused(new Route(member, null), refused);
        return result;
    }

    private void goOn(boolean leaderFound) {
        if (leaderFound) {
            selection.beginAnew();
        }
        attempt();
    }

    private void attempt() {
        if (result.isDone()) {
            return;
        }
        List<Member> candidates = selection.candidates();
        boolean unreachable = isUnreachable();
        if (candidates.isEmpty() || context.contacts().isClosed() || unreachable) {
            giveUp(unreachable);
            return;
        }
        attempts++;
        if (attempts > 1) {
            context.counts().retried();
        }
        Attempt attempt = new Attempt(selection.choose(candidates, attempts == 1));
        attempt.start(Math.min(patience(attempt.route), Math.max(0, deadline.remainingNanos(context.time()))));
    }

    private boolean isUnreachable() {
        return context.directory().unreachableFor().compareTo(context.timeout()) > 0;
    }

    /** Has the call end at its deadline if it waits for a leader then. */
    private void expire() {
        if (expiry == null) {
            LeaderQueue queue = context.leaderQueues().of(selection.group());
            EventLoop.Timer timer = context.loop()
                    .schedule(Math.max(0, deadline.remainingNanos(context.time())), () -> {
                        if (queue.leave(waiting)) {
                            giveUp(isUnreachable());
                        }
                    });
            expiry = timer;
            result.whenComplete((reply, failure) -> {
                timer.cancel();
                queue.leave(waiting);
            });
        }
    }

    /** Queueing for a lease takes as long as it takes; that the node is dead meanwhile, its probe notices. */
    private long patience(Route route) {
        if (route.passedOnTo() != null) {
            return DETOUR_NANOS;
        }
        return request.waitsForOthers() ? Long.MAX_VALUE : ATTEMPT_NANOS;
    }

    private void refused(Route route, Reply.Refused refused) {
        Status status = refused.status();
        if (request.isRefusedOnceApplied() && maybeDone && status.kind() == Status.Kind.PERMANENT) {
            fail(new RequestFailedException(
                    Status.INDETERMINATE,
                    "An earlier attempt may have been applied; the last was refused: " + refused.message()));
            return;
        }
        maybeDone |= request.mutates() && status.kind() == Status.Kind.INDETERMINATE;
        last = new RequestFailedException(status, refused.message());
        RetryDecision decision = RetryDecision.after(refused, attempts);
        if (decision.elsewhere()) {
            selection.leave(route.to());
        }
        selection.refused(route, refused);
        NodeId leader = refused.leader();
        if (status == Status.MOVED && (leader == null || context.directory().member(leader) == null)) {
            context.contacts().refresh(); // it is hosted elsewhere than the map says
        }
        follow(selection.hasDetour() ? decision.atOnce() : decision);
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
        context.contacts().silent(route.to());
        unanswered(route, sent, cause);
    }

    /** The node lives, as far as is known, but something keeps it from answering this. */
    private void unanswered(Route route, boolean sent, Throwable cause) {
        maybeDone |= request.mutates() && sent;
        last = unreachable(route.to(), cause);
        selection.unanswered(route);
        context.contacts().refresh();
        follow(RetryDecision.afterSilence(attempts - lost.size()));
    }

    private static RequestFailedException unreachable(Member target, Throwable cause) {
        return new RequestFailedException(
                Status.NO_LEADER, "Node " + target + " can't be reached or does not answer: " + cause, cause);
    }

    private void follow(RetryDecision decision) {
        if (!decision.again()) {
            RequestFailedException cause = last;
            fail(
                    cause == null
                            ? new RequestFailedException(
                                    Status.NO_LEADER, context.descriptions().of(request) + " was not sent")
                            : new RequestFailedException(
                                    cause.status(),
                                    context.descriptions().of(request) + ": " + cause.getMessage(),
                                    cause));
            return;
        }
        int upToMillis = (int) Math.min(decision.delayMillis() / 2, Integer.MAX_VALUE - 1);
        long jittered = decision.delayMillis()
                + (upToMillis <= 0 ? 0 : context.entropy().nextInt(upToMillis + 1));
        long delay = TimeUnit.MILLISECONDS.toNanos(jittered);
        if (context.contacts().isClosed() || deadline.remainingNanos(context.time()) <= delay) {
            giveUp(false);
        } else if (decision.awaitsLeader() && selection.isFromLeader()) {
            expire();
            context.leaderQueues().of(selection.group()).failed(waiting, last);
        } else if (delay == 0 && attempts < 3) {
            attempt();
        } else {
            context.loop().schedule(delay, this::attempt);
        }
    }

    private void giveUp(boolean unreachable) {
        RequestFailedException cause =
                last == null ? context.leaderQueues().of(selection.group()).lastFailure() : last;
        Status none = cause == null ? Status.NO_LEADER : cause.status();
        fail(new RequestFailedException(
                maybeDone ? Status.INDETERMINATE : none,
                context.descriptions().of(request) + " did not succeed" + limit(unreachable) + " and " + attempts
                        + " attempts" + (maybeDone ? "; it may have been applied" : "; nothing was applied")
                        + (cause == null ? "" : ". Last: " + cause.getMessage()),
                cause));
    }

    private void fail(RequestFailedException failure) {
        if (result.completeExceptionally(failure)) {
            context.failed(begun);
        }
    }

    private String limit(boolean unreachable) {
        if (context.contacts().isClosed()) {
            return " before the session was closed";
        }
        Duration unreachableFor = context.directory().unreachableFor();
        return unreachable
                ? ": no node of cluster " + context.directory().view().cluster() + " has answered for "
                        + unreachableFor.toSeconds() + " s, so nothing is waited for until one does;"
                : " within " + context.timeout().toMillis() + " ms";
    }

    /** One try at one node: the first of reply, failure and time-out counts; a late definite reply still helps. */
    private final class Attempt extends LivenessProbe.Waiter implements Link.ReplyHandler {

        private final Route route;
        private final LivenessProbe probe;
        private final AtomicBoolean over = new AtomicBoolean();
        private EventLoop.@Nullable Timer timer;

        Attempt(Route route) {
            this.route = route;
            this.probe = context.contacts().probe(route.to());
        }

        void start(long nanos) {
            timer = context.loop().schedule(nanos, this::timedOut);
            probe.await(this);
            context.contacts().link(route.to()).send(route.along(request), this);
        }

        private void timedOut() {
            if (first()) {
                unanswered(route, true, new TimeoutException("no answer in time"));
            }
        }

        @Override
        public void silent() {
            if (first()) {
                RoutedCall.this.silent(route, true, new TimeoutException("no sign of life"));
            }
        }

        private boolean first() {
            boolean first = over.compareAndSet(false, true);
            if (first) {
                probe.forget(this);
                if (timer != null) {
                    timer.cancel();
                }
            }
            return first;
        }

        @Override
        public void reply(Reply reply) {
            boolean first = first();
            context.contacts().heard(route.to());
            context.descriptions().learn(reply);
            if (!(reply instanceof Reply.Refused refused)) {
                selection.answered(route);
                if (selection.isFromLeader()) {
                    context.leaderQueues().answered(selection.group());
                }
                if (result.complete(reply)) {
                    context.succeeded(begun);
                } else {
                    late.accept(reply);
                }
            } else if (first && !result.isDone()) {
                refused(route, refused);
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
