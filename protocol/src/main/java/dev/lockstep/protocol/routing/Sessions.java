package dev.lockstep.protocol.routing;

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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Opens sessions: finds a node that tells how the cluster looks, and starts from there. Thread-safe. */
public final class Sessions {

    private final Links links;
    private final Duration timeout;
    private final Time time;
    private final EventLoop loop;
    private final Entropy entropy;

    /**
     * @param timeout deadline of each operation, and of opening a session
     * @param loop for time-outs and retries
     */
    public Sessions(Links links, Duration timeout, Time time, EventLoop loop, Entropy entropy) {
        this.links = links;
        this.timeout = timeout;
        this.time = time;
        this.loop = loop;
        this.entropy = entropy;
    }

    /** A session through the node in this JVM. Waits for it within the time-out. */
    public Session embedded(EmbeddedNode node) {
        ClusterView view = await(List.of(describe(node.link())), node.member().toString());
        Router router = new Router(view, links, node, timeout, time, loop, entropy);
        return new Session(router, node.replicas(), loop, entropy);
    }

    /**
     * A session as a client of the servers given, of which one has to answer within the time-out.
     *
     * @param servers each {@code host:port}
     */
    public Session client(List<String> servers) {
        List<CompletableFuture<ClusterView>> asked = new ArrayList<>();
        for (int i = 0; i < servers.size(); i++) {
            asked.add(describe(links.to(address("server-" + i, servers.get(i)))));
        }
        ClusterView view = await(asked, String.join(", ", servers));
        return new Session(new Router(view, links, null, timeout, time, loop, entropy), null, loop, entropy);
    }

    private static Member address(String name, String server) {
        int colon = server.lastIndexOf(':');
        return new Member(new NodeId(name), server.substring(0, colon), Integer.parseInt(server.substring(colon + 1)));
    }

    private static CompletableFuture<ClusterView> describe(Link link) {
        CompletableFuture<ClusterView> view = new CompletableFuture<>();
        link.send(new Request.DescribeCluster(), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                if (reply instanceof Reply.Cluster cluster) {
                    view.complete(cluster.view());
                } else if (reply instanceof Reply.Refused refused) {
                    view.completeExceptionally(new LockstepException(refused.status(), refused.message()));
                }
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                view.completeExceptionally(cause);
            }
        });
        return view;
    }

    private ClusterView await(List<CompletableFuture<ClusterView>> asked, String whom) {
        CompletableFuture<ClusterView> first = new CompletableFuture<>();
        asked.forEach(one -> one.thenAccept(first::complete));
        CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).whenComplete((all, failure) -> {
            if (failure != null) {
                first.completeExceptionally(Session.unwrap(failure));
            }
        });
        try {
            return first.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause();
            Status status = cause instanceof LockstepException refused ? refused.status() : Status.NO_LEADER;
            throw new LockstepException(
                    status, "None of " + whom + " answered: " + cause.getMessage() + ". Are they running?", cause);
        } catch (TimeoutException late) {
            throw new LockstepException(
                    Status.NO_LEADER, "None of " + whom + " answered within " + timeout.toMillis() + " ms", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LockstepException(Status.NO_LEADER, "Interrupted while waiting for " + whom, interrupted);
        }
    }
}
