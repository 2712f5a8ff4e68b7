package dev.lockstep.protocol.routing;

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
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Sends a request where the map says, learns from the answer, and tries again within the deadline, always with the same
 * request id. Thread-safe; never blocks, except in {@link #connect}.
 */
final class Router implements AutoCloseable {

    private static final long ATTEMPT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Links links;
    private final @Nullable EmbeddedNode local;
    private final Time time;
    private final EventLoop loop;
    private final Entropy entropy;
    private final Duration timeout;
    private final Directory directory;
    private final AtomicBoolean refreshing = new AtomicBoolean();

    Router(
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
        this.directory = new Directory(view, localId, entropy.nextInt(1 << 16));
    }

    ClusterView view() {
        return directory.view();
    }

    Duration timeout() {
        return timeout;
    }

    /** Answers a definite reply, never a {@link Reply.Refused}: that fails with {@link LockstepException}. */
    CompletableFuture<Reply> call(Request request) {
        Call call = new Call(request);
        call.attempt();
        return call.result;
    }

    /** Opens a stream of replies at the {@code attempt}-th best node; retrying is the caller's. */
    Stream stream(Request.Subscribe request, int attempt, Link.ReplyHandler handler) {
        List<Member> candidates = directory.candidates(request, false);
        Link link = link(candidates.get(attempt % candidates.size()));
        return new Stream(link, link.send(request, handler));
    }

    /** A subscription on a link. */
    record Stream(Link link, long correlationId) {}

    private Link link(Member member) {
        return local != null && member.id().equals(local.member().id()) ? local.link() : links.to(member);
    }

    /** Asks the members in turn how the cluster looks now; at most one such question is under way. */
    private void refresh() {
        if (refreshing.compareAndSet(false, true)) {
            Request describe = new Request.DescribeCluster();
            List<Member> members = directory.candidates(describe, false);
            Member member = members.get(entropy.nextInt(members.size()));
            link(member).send(describe, new Link.ReplyHandler() {
                @Override
                public void reply(Reply reply) {
                    refreshing.set(false);
                    if (reply instanceof Reply.Cluster cluster) {
                        directory.learn(cluster.view());
                    }
                }

                @Override
                public void failed(boolean sent, Throwable cause) {
                    refreshing.set(false);
                }
            });
        }
    }

    @Override
    public void close() {
        links.close();
    }

    /** One request on its way, through all its attempts. Steps follow each other; only a late reply may come between. */
    private final class Call {

        private final Request request;
        private final int group;
        private final boolean writes;
        private final Deadline deadline = Deadline.after(time, timeout);
        private final CompletableFuture<Reply> result = new CompletableFuture<>();
        private int attempts;
        private int turn;
        private boolean fallBack;
        private boolean maybeDone;
        private @Nullable LockstepException last;

        Call(Request request) {
            this.request = request;
            this.group = request instanceof Request.ToShard toShard ? toShard.shard() : Directory.CONTROL;
            this.writes = request instanceof Request.Write || request instanceof Request.Clear;
        }

        void attempt() {
            List<Member> candidates = directory.candidates(request, fallBack);
            if (candidates.isEmpty()) {
                result.completeExceptionally(new LockstepException(Status.INVALID, "The cluster has no members"));
                return;
            }
            attempts++;
            Member target = candidates.get(turn % candidates.size());
            Attempt attempt = new Attempt(target);
            attempt.start(Math.min(ATTEMPT_NANOS, Math.max(0, deadline.remainingNanos(time))));
        }

        private void refused(Member target, Reply.Refused refused) {
            Status status = refused.status();
            if (status == Status.SESSION_EXPIRED && maybeDone) {
                result.completeExceptionally(new LockstepException(Status.INDETERMINATE, refused.message()));
                return;
            }
            maybeDone |= writes && status.kind() == Status.Kind.INDETERMINATE;
            last = new LockstepException(status, refused.message());
            learn(target, refused);
            follow(RetryPolicy.after(refused, attempts), refused.leader() == null);
        }

        private void learn(Member target, Reply.Refused refused) {
            if (refused.leader() != null) {
                directory.leads(group, refused.leader());
                turn = 0;
            } else if (refused.status() == Status.MOVED || refused.status() == Status.NO_LEADER) {
                directory.leadsNot(group, target.id());
            }
            fallBack |= refused.status() == Status.BEHIND;
        }

        private void silent(Member target, boolean sent, Throwable cause) {
            maybeDone |= writes && sent;
            last = new LockstepException(
                    Status.NO_LEADER, "Node " + target + " can't be reached or does not answer: " + cause, cause);
            directory.leadsNot(group, target.id());
            refresh();
            follow(RetryPolicy.afterSilence(attempts), true);
        }

        private void follow(RetryPolicy advice, boolean nextInTurn) {
            if (!advice.again()) {
                result.completeExceptionally(last);
                return;
            }
            if (advice.elsewhere() && nextInTurn) {
                turn++;
            }
            long jittered = advice.delayMillis() == 0
                    ? 0
                    : advice.delayMillis() / 2 + entropy.nextInt((int) advice.delayMillis() / 2 + 1);
            long delay = TimeUnit.MILLISECONDS.toNanos(jittered);
            if (deadline.remainingNanos(time) <= delay) {
                giveUp();
            } else if (delay == 0 && attempts < 3) {
                attempt();
            } else {
                loop.schedule(delay, this::attempt);
            }
        }

        private void giveUp() {
            LockstepException cause = last;
            Status status = maybeDone || cause == null ? Status.INDETERMINATE : cause.status();
            String what = request.getClass().getSimpleName() + (group < 0 ? "" : " in shard " + group);
            result.completeExceptionally(new LockstepException(
                    status,
                    what + " did not succeed within " + timeout.toMillis() + " ms and " + attempts + " attempts"
                            + (maybeDone ? "; it may have been applied" : "; nothing was applied")
                            + (cause == null ? "" : ". Last: " + cause.getMessage()),
                    cause));
        }

        /** One try at one node: the first of reply, failure and time-out counts; a late definite reply still helps. */
        private final class Attempt implements Link.ReplyHandler {

            private final Member target;
            private final AtomicBoolean over = new AtomicBoolean();
            private EventLoop.@Nullable Timer timer;

            Attempt(Member target) {
                this.target = target;
            }

            void start(long nanos) {
                if (target.port() != 0) {
                    timer = loop.schedule(nanos, this::timedOut);
                }
                link(target).send(request, this);
            }

            private void timedOut() {
                if (over.compareAndSet(false, true)) {
                    silent(target, true, new java.util.concurrent.TimeoutException("no answer in time"));
                }
            }

            private boolean first() {
                boolean first = over.compareAndSet(false, true);
                if (first && timer != null) {
                    timer.cancel();
                }
                return first;
            }

            @Override
            public void reply(Reply reply) {
                boolean first = first();
                if (!(reply instanceof Reply.Refused refused)) {
                    result.complete(reply);
                } else if (first && !result.isDone()) {
                    refused(target, refused);
                }
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                if (first() && !result.isDone()) {
                    silent(target, sent, cause);
                }
            }
        }
    }
}
