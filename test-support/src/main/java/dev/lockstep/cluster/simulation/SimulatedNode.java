package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.control.Templates;
import dev.lockstep.cluster.memory.MemoryBudget;
import dev.lockstep.cluster.node.LocalLink;
import dev.lockstep.cluster.node.NodeCore;
import dev.lockstep.cluster.node.Surroundings;
import dev.lockstep.cluster.server.RequestObserver;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.settings.Settings.Rates;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A node of the simulated cluster, or one that may join it: the real {@link NodeCore} on a simulated process. Its disk outlives the
 * process.
 */
final class SimulatedNode implements EmbeddedNode {

    private static final int REPLICATION_FACTOR = 3;
    private static final long ASK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final SimulatedProcess process;
    private final Member self;
    private final Function<SimulatedProcess, SimulatedLinks> links;
    private final SimulatedRaft raft;
    private final NodeCore.Limits limits;
    private final Optional<Duration> replaceAfter;
    private @Nullable NodeCore core;
    private @Nullable LocalLink link;
    /** The newest layout that it has seen, as if on its disk; null while it is no member. */
    private @Nullable Layout layout;

    /**
     * @param layout by which the cluster is formed; null for a node that is not started until it joins
     * @param maxInFlight as in {@link NodeCore.Limits}
     * @param replaceAfter as in {@link ControlGroup.Rules}
     */
    SimulatedNode(
            SimulatedProcess process,
            Member self,
            @Nullable Layout layout,
            SimulatedRaft raft,
            Function<SimulatedProcess, SimulatedLinks> links,
            int maxInFlight,
            Optional<Duration> replaceAfter) {
        this.process = process;
        this.self = self;
        this.layout = layout;
        this.raft = raft;
        this.links = links;
        this.replaceAfter = replaceAfter;
        this.limits = new NodeCore.Limits(
                Duration.ofSeconds(2),
                Duration.ofMillis(600),
                maxInFlight,
                MemoryBudget.UNLIMITED,
                Rates.UNLIMITED,
                Optional.empty());
        if (layout == null) {
            process.kill();
        } else {
            boot(layout);
        }
    }

    private void boot(Layout known) {
        EventLoop loop = process.loop();
        SimulatedLinks toOthers = links.apply(process);
        core = new NodeCore(
                new NodeCore.Place(
                        "simulated",
                        self,
                        known,
                        List.of(self),
                        newer -> {
                            layout = newer;
                            raft.observer.learnt(self.id(), newer);
                        },
                        new ControlGroup.Rules(
                                Templates.NONE, REPLICATION_FACTOR, replaceAfter, ClusterVersion.Range.OWN),
                        false),
                raft.consensus(self.id(), process),
                HeapStore.FACTORY,
                toOthers,
                process.time(),
                loop,
                limits,
                RequestObserver.NONE,
                Surroundings.NONE);
        link = new LocalLink(core.server());
        askOthers(core, toOthers, loop);
    }

    /** Asks the other members how the cluster is, as a node's handshakes do. */
    private void askOthers(NodeCore asking, SimulatedLinks others, EventLoop loop) {
        for (Member other : Objects.requireNonNull(layout).members()) {
            if (!other.equals(self)) {
                others.to(other).send(new Request.DescribeCluster(), new Link.ReplyHandler() {
                    @Override
                    public void reply(Reply reply) {
                        if (reply instanceof Reply.Cluster cluster) {
                            asking.told(cluster.view());
                        }
                    }

                    @Override
                    public void failed(boolean sent, Throwable cause) {
                        // It is asked again.
                    }
                });
            }
        }
        loop.schedule(ASK_NANOS, () -> askOthers(asking, others, loop));
    }

    SimulatedProcess process() {
        return process;
    }

    int maxInFlight() {
        return limits.maxInFlight();
    }

    /** A request has arrived and is about to be served. */
    void asked(Request request) {
        raft.observer.asked(self.id(), request);
    }

    RequestServer server() {
        return Objects.requireNonNull(core).server();
    }

    void kill() {
        process.kill();
        raft.died(self.id());
    }

    void restart() {
        process.restart();
        boot(Objects.requireNonNull(layout, "It is no member"));
    }

    /** Starts it as a member for the first time, by the first layout that names it. */
    void join(Layout admitting) {
        layout = admitting;
        restart();
    }

    /** Ends it, until it is added again. All that is on its disk stays: without that it would not be let in. */
    void leave() {
        if (process.isAlive()) {
            kill();
        }
        layout = null;
    }

    /** Tells whether it follows a layout or a newer one. */
    boolean follows(Layout other) {
        return layout != null && layout.version() >= other.version();
    }

    /** Tells whether it has been started as a member and has not left since. */
    boolean isMember() {
        return layout != null;
    }

    @Override
    public Member member() {
        return self;
    }

    @Override
    public Link link() {
        return Objects.requireNonNull(link);
    }

    @Override
    public LocalReplicas replicas() {
        return Objects.requireNonNull(core).replicas();
    }

    @Override
    public void close() {
        kill();
    }
}
