package dev.lockstep.protocol.session;

import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.routing.GatewayLinks;
import dev.lockstep.protocol.routing.Router;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Opens sessions: finds a node that tells how the cluster looks, and starts from there. Thread-safe. */
public final class SessionFactory {

    /** Pause before a node that can't serve yet is asked again. */
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Links links;
    private final Duration timeout;
    private final Time time;
    private final EventLoop loop;
    private final Entropy entropy;

    /**
     * @param timeout deadline of each operation, and of opening a session
     * @param loop for time-outs and retries
     */
    public SessionFactory(Links links, Duration timeout, Time time, EventLoop loop, Entropy entropy) {
        this.links = links;
        this.timeout = timeout;
        this.time = time;
        this.loop = loop;
        this.entropy = entropy;
    }

    /** A session through the node in this JVM. Waits for it within the time-out. */
    public Session embedded(EmbeddedNode node) {
        return await(connect(node), node.member().toString());
    }

    /**
     * Opens a session as {@link #embedded} does, without waiting: the future waits for the node as long as the node
     * takes.
     */
    public CompletableFuture<Session> connect(EmbeddedNode node) {
        return describe(node::link)
                .thenApply(view -> new Session(
                        new Router(view, List.of(), links, node, timeout, time, loop, entropy),
                        node.replicas(),
                        time,
                        loop,
                        entropy));
    }

    /**
     * A session as a client of the servers given, of which one has to answer within the time-out.
     *
     * @param servers each {@code host:port}
     */
    public Session client(List<String> servers) {
        return await(connect(servers), String.join(", ", servers));
    }

    /**
     * Opens a session as {@link #client} does, without waiting: the first server that answers counts, and it fails
     * when none will.
     */
    public CompletableFuture<Session> connect(List<String> servers) {
        List<Member> seeds = seeds(servers);
        return first(seeds).thenApply(answer -> session(answer, seeds, links));
    }

    /**
     * A session as a client that reaches only the servers given, which pass its requests on. One of them has to answer within the
     * time-out.
     *
     * @param servers each {@code host:port}
     */
    public Session throughGateway(List<String> servers) {
        return await(connectThroughGateway(servers), String.join(", ", servers));
    }

    /** Opens a session as {@link #throughGateway} does, without waiting, and begins with the first server that answers. */
    public CompletableFuture<Session> connectThroughGateway(List<String> servers) {
        List<Member> seeds = seeds(servers);
        return first(seeds).thenApply(answer -> session(answer, seeds, new GatewayLinks(links, seeds, answer.from())));
    }

    private Session session(Answer answer, List<Member> seeds, Links used) {
        return new Session(
                new Router(answer.view(), seeds, used, null, timeout, time, loop, entropy), null, time, loop, entropy);
    }

    private static List<Member> seeds(List<String> servers) {
        List<Member> seeds = new ArrayList<>();
        for (int i = 0; i < servers.size(); i++) {
            seeds.add(address("server-" + i, servers.get(i)));
        }
        return seeds;
    }

    /** The cluster as a server says that it is. */
    private record Answer(Member from, ClusterView view) {}

    private CompletableFuture<Answer> first(List<Member> seeds) {
        CompletableFuture<Answer> first = new CompletableFuture<>();
        List<CompletableFuture<Answer>> asked = seeds.stream()
                .map(seed -> describe(() -> links.to(seed)).thenApply(view -> new Answer(seed, view)))
                .toList();
        asked.forEach(one -> one.thenAccept(first::complete));
        Session.all(asked).whenComplete((all, failure) -> {
            // Dependents of a future run in no order: a server that has answered may not have completed the first yet.
            if (asked.stream().allMatch(CompletableFuture::isCompletedExceptionally)) {
                first.completeExceptionally(worst(asked));
            }
        });
        return first;
    }

    /** A node that refuses says more than one that is not there. */
    private static Throwable worst(List<? extends CompletableFuture<?>> failed) {
        List<Throwable> causes = failed.stream()
                .map(one ->
                        one.handle((view, failure) -> Futures.cause(failure)).join())
                .toList();
        return causes.stream()
                .filter(RequestFailedException.class::isInstance)
                .findFirst()
                .orElse(causes.get(0));
    }

    private static Member address(String name, String server) {
        int colon = server.lastIndexOf(':');
        return new Member(new NodeId(name), server.substring(0, colon), Integer.parseInt(server.substring(colon + 1)));
    }

    /** Asks how the cluster is; a node that can't say yet is asked again within the time-out. */
    private CompletableFuture<ClusterView> describe(Supplier<Link> link) {
        CompletableFuture<ClusterView> view = new CompletableFuture<>();
        describe(link, time.nanos() + timeout.toNanos(), view);
        return view;
    }

    private void describe(Supplier<Link> link, long untilNanos, CompletableFuture<ClusterView> view) {
        link.get().send(new Request.DescribeCluster(), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                if (reply instanceof Reply.Cluster cluster) {
                    view.complete(cluster.view());
                } else if (reply instanceof Reply.Refused refused) {
                    refused(new RequestFailedException(refused.status(), refused.message()));
                }
            }

            private void refused(RequestFailedException refusal) {
                if (refusal.status() == Status.BUSY && time.nanos() - untilNanos < 0) {
                    loop.schedule(AGAIN_NANOS, () -> describe(link, untilNanos, view));
                } else {
                    view.completeExceptionally(refusal);
                }
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                if (cause instanceof RequestFailedException refusal) {
                    refused(refusal); // the connection
                } else {
                    view.completeExceptionally(cause);
                }
            }
        });
    }

    private Session await(CompletableFuture<Session> session, String whom) {
        try {
            return session.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            Throwable cause = Futures.cause(failed.getCause());
            if (cause instanceof RequestFailedException refused) {
                throw new RequestFailedException(
                        refused.status(),
                        "The connection to " + whom + " was refused: " + cause.getMessage()
                                + (refused.status() == Status.WRONG_CLUSTER
                                        ? ". Ask for the cluster by its name, as in lockstep://host:port/name"
                                        : ""),
                        cause);
            }
            throw new RequestFailedException(
                    Status.NO_LEADER,
                    "None of " + whom + " can be reached: " + cause.getMessage() + ". Are they running?",
                    cause);
        } catch (TimeoutException late) {
            throw new RequestFailedException(
                    Status.NO_LEADER, "None of " + whom + " answered within " + timeout.toMillis() + " ms", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new RequestFailedException(Status.NO_LEADER, "Interrupted while waiting for " + whom, interrupted);
        }
    }
}
