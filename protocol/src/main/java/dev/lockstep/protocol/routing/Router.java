package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Consistency;
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
import org.jspecify.annotations.Nullable;

/**
 * Sends a request where the map says, learns from the answer, and tries again within the deadline, always with the same
 * request id. Thread-safe; never blocks.
 */
final class Router implements AutoCloseable {

    private static final long ATTEMPT_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Links links;
    private final @Nullable EmbeddedNode local;
    private final Time time;
    private final EventLoop loop;
    private final Entropy entropy;
    private final Duration timeout;
    private final Directory directory;
    private final AtomicBoolean refreshing = new AtomicBoolean();
    private volatile boolean closed;

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
        return call(request, deadline());
    }

    /** As {@link #call(Request)}, by a deadline that counts since before. */
    CompletableFuture<Reply> call(Request request, Deadline deadline) {
        Call call = new Call(request, deadline);
        call.attempt();
        return call.result;
    }

    /** Asks one member, once. Null if it does not answer within two seconds. */
    CompletableFuture<@Nullable Reply> ask(Member member, Request request) {
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

    /** By which an operation that begins now must have ended. */
    Deadline deadline() {
        return Deadline.after(time, timeout);
    }

    long remainingNanos(Deadline deadline) {
        return Math.max(0, deadline.remainingNanos(time));
    }

    boolean isClosed() {
        return closed;
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

    /** Asks a silent member for a sign of life until it gives one. */
    private void probe(Member member) {
        if (closed) {
            return;
        }
        link(member).send(new Request.DescribeCluster(), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                directory.heard(member.id());
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                loop.schedule(PROBE_NANOS, () -> probe(member));
            }
        });
    }

    /** Ends what is under way: it fails as at its deadline. Idempotent. */
    @Override
    public void close() {
        closed = true;
        links.close();
    }

    /** One request on its way, through all its attempts. Steps follow each other; only a late reply may come between. */
    private final class Call {

        private final Request request;
        private final int group;
        private final boolean changes;
        private final boolean numbered;
        private final boolean fromLeader;
        private final Deadline deadline;
        private final CompletableFuture<Reply> result = new CompletableFuture<>();
        private int attempts;
        private boolean fallBack;
        private boolean maybeDone;
        private final Set<NodeId> tried = new HashSet<>();
        private final Set<NodeId> lost = new HashSet<>();
        private @Nullable LockstepException last;

        Call(Request request, Deadline deadline) {
            this.request = request;
            this.deadline = deadline;
            this.group = request instanceof Request.ToShard toShard ? toShard.shard() : Directory.CONTROL;
            this.numbered = request instanceof Request.Write || request instanceof Request.Clear;
            this.fromLeader = group == Directory.CONTROL
                    ? !(request instanceof Request.DescribeCluster)
                    : request instanceof Request.ToLeader
                            || (request instanceof Request.Read read && read.consistency() == Consistency.STRONG);
            this.changes =
                    numbered || request instanceof Request.CreateCache || request instanceof Request.DestroyCache;
        }

        void attempt() {
            List<Member> candidates = directory.candidates(request, fallBack);
            if (candidates.isEmpty() || closed) {
                giveUp();
                return;
            }
            attempts++;
            Attempt attempt = new Attempt(target(candidates));
            attempt.start(Math.min(patience(), remainingNanos(deadline)));
        }

        /** The best that was not tried in this round; after the last a new round begins. */
        private Member target(List<Member> candidates) {
            for (Member candidate : candidates) {
                if (!tried.contains(candidate.id())) {
                    return candidate;
                }
            }
            tried.clear();
            return candidates.get(0);
        }

        /** Queueing for a lease takes as long as it takes; that the node is dead meanwhile, its link notices. */
        private long patience() {
            return request instanceof Request.ReadForUpdate ? Long.MAX_VALUE : ATTEMPT_NANOS;
        }

        private void refused(Member target, Reply.Refused refused) {
            Status status = refused.status();
            if (numbered && maybeDone && status.kind() == Status.Kind.PERMANENT) {
                result.completeExceptionally(new LockstepException(
                        Status.INDETERMINATE,
                        "An earlier attempt may have been applied; the last was refused: " + refused.message()));
                return;
            }
            maybeDone |= changes && status.kind() == Status.Kind.INDETERMINATE;
            last = new LockstepException(status, refused.message());
            RetryPolicy advice = RetryPolicy.after(refused, attempts);
            if (advice.elsewhere()) {
                tried.add(target.id());
            }
            learn(target, refused);
            follow(advice);
        }

        private void learn(Member target, Reply.Refused refused) {
            if (refused.leader() != null) {
                directory.leads(group, refused.leader());
            } else if (refused.status() == Status.MOVED || refused.status() == Status.NO_LEADER) {
                directory.leadsNot(group, target.id());
            }
            if (refused.status() == Status.BEHIND && !fallBack) {
                fallBack = true;
                tried.clear();
            }
        }

        /** A connection that breaks says little about the node: it is asked once more, over another. */
        private void lost(Member target, boolean sent, Throwable cause) {
            if (!sent || !lost.add(target.id())) {
                silent(target, sent, cause);
                return;
            }
            maybeDone |= changes;
            last = unreachable(target, cause);
            attempt();
        }

        private void silent(Member target, boolean sent, Throwable cause) {
            maybeDone |= changes && sent;
            last = unreachable(target, cause);
            directory.leadsNot(group, target.id());
            if (directory.silent(target.id())) {
                loop.schedule(PROBE_NANOS, () -> probe(target));
            }
            refresh();
            tried.add(target.id());
            follow(RetryPolicy.afterSilence(attempts - lost.size()));
        }

        private static LockstepException unreachable(Member target, Throwable cause) {
            return new LockstepException(
                    Status.NO_LEADER, "Node " + target + " can't be reached or does not answer: " + cause, cause);
        }

        private void follow(RetryPolicy advice) {
            if (!advice.again()) {
                result.completeExceptionally(last);
                return;
            }
            int upToMillis = (int) Math.min(advice.delayMillis() / 2, Integer.MAX_VALUE - 1);
            long jittered = advice.delayMillis() + (upToMillis <= 0 ? 0 : entropy.nextInt(upToMillis + 1));
            long delay = TimeUnit.MILLISECONDS.toNanos(jittered);
            if (closed || deadline.remainingNanos(time) <= delay) {
                giveUp();
            } else if (delay == 0 && attempts < 3) {
                attempt();
            } else {
                loop.schedule(delay, this::attempt);
            }
        }

        private void giveUp() {
            LockstepException cause = last;
            Status none = cause == null ? Status.NO_LEADER : cause.status();
            Status status = maybeDone ? Status.INDETERMINATE : none;
            String what = request.getClass().getSimpleName() + (group < 0 ? "" : " in shard " + group);
            String when = closed ? " before the session was closed" : " within " + timeout.toMillis() + " ms";
            result.completeExceptionally(new LockstepException(
                    status,
                    what + " did not succeed" + when + " and " + attempts + " attempts"
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
                timer = loop.schedule(nanos, this::timedOut);
                link(target).send(request, this);
            }

            private void timedOut() {
                if (over.compareAndSet(false, true)) {
                    silent(target, true, new TimeoutException("no answer in time"));
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
                directory.heard(target.id());
                if (!(reply instanceof Reply.Refused refused)) {
                    if (fromLeader) {
                        directory.leads(group, target.id());
                    }
                    result.complete(reply);
                } else if (first && !result.isDone()) {
                    refused(target, refused);
                }
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                if (first() && !result.isDone()) {
                    lost(target, sent, cause);
                }
            }
        }
    }
}
