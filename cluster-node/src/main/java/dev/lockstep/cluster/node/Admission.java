package dev.lockstep.cluster.node;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The question whether a node is a member of its cluster, from what it has kept of the last layout and what others say. Thread-safe; the
 * lock guards the newest layout.
 */
final class Admission {

    private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

    private final Member self;
    private final List<Member> known;
    private final boolean remembers;
    private final ClusterVersion.Range able;
    private final CompletableFuture<Layout> admitted = new CompletableFuture<>();
    private Layout newest;
    private boolean started;

    /**
     * @param remembers whether the node has kept anything of the time when it was a member, if it was
     * @param last the layout that the node has kept; null if it has none. Its settings say better where members are
     * @param formation the layout by which a cluster is formed, if there is none yet
     * @param able the cluster versions that the node can do
     */
    Admission(Member self, boolean remembers, @Nullable Layout last, Layout formation, ClusterVersion.Range able) {
        this.self = self;
        this.able = able;
        this.remembers = remembers;
        this.known = formation.members();
        this.newest = last == null ? formation : last.at(known);
    }

    /** The newest layout that is known; that of the formation if no other is. */
    synchronized Layout newest() {
        return newest;
    }

    /**
     * Learns a layout that the node itself follows.
     *
     * @return the reason why this node has to stop; null if it does not
     */
    @Nullable
    synchronized String follow(String cluster, Layout layout) {
        if (layout.version() <= newest.version()) {
            return null;
        }
        String dismissal = layout.member(self.id()) == null ? dismissal(cluster) : null;
        newest = layout;
        return dismissal;
    }

    private String dismissal(String cluster) {
        return newest.isFormed()
                ? "Node " + self.id() + " stops, because it has been removed from cluster " + cluster
                        + ". To have it back, start it again, then: lockstep node add " + self
                : "Node " + self.id() + " stops, because cluster " + cluster
                        + " was formed without it. Start it again, and it waits to be added: lockstep node add " + self;
    }

    /**
     * Learns what another member says of the cluster.
     *
     * @return the reason why this node has to stop; null if it does not
     */
    @Nullable
    String learn(ClusterView view) {
        synchronized (this) {
            Layout layout = view.layout();
            if (layout.version() <= newest.version()) {
                return null;
            }
            boolean isMember = layout.member(self.id()) != null;
            if (!started) {
                newest = layout.at(known);
                if (isMember || hasForgotten(layout) || !isAble(layout)) {
                    admitted.complete(newest);
                }
            } else if (!isAble(layout)) {
                return "Node " + self.id() + " stops. " + able.refusal(self.id(), layout.clusterVersion());
            }
            if (!started || isMember) {
                return null; // a member that has started follows the layout by itself
            }
            return follow(view.cluster(), layout);
        }
    }

    private boolean isAble(Layout layout) {
        return !layout.isFormed() || able.includes(layout.clusterVersion());
    }

    /** It would vote, although it does not know for whom it has, and lack entries that others count on it to have. */
    private boolean hasForgotten(Layout layout) {
        return !remembers && layout.removed().contains(self.id());
    }

    /**
     * Waits until this node is a member: it is, if no other one knows better than its settings.
     *
     * @return the layout to start with
     * @throws RequestFailedException if it is none within the time, can't be one again, or can't do the version of the cluster
     */
    Layout await(Duration within) {
        Layout known = newest();
        if (known.member(self.id()) == null && !hasForgotten(known) && isAble(known)) {
            LOG.warn(
                    "Node {} {}, and waits for: lockstep node add {}",
                    self.id(),
                    known.removed().contains(self.id()) ? "has been removed" : "is not a member of its cluster yet",
                    self);
            try {
                known = admitted.get(within.toNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException late) {
                throw notAdded(within);
            } catch (ExecutionException failure) {
                throw new IllegalStateException(failure.getCause());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw notAdded(within);
            }
        }
        if (!isAble(known)) {
            throw new RequestFailedException(Status.CLUSTER_VERSION, able.refusal(self.id(), known.clusterVersion()));
        }
        if (hasForgotten(known)) {
            throw new RequestFailedException(
                    Status.INVALID,
                    "Node " + self.id() + " was a member of its cluster and was removed, and its data folder is empty."
                            + " Give it its old data folder, or an id that no member has had");
        }
        synchronized (this) {
            started = true;
        }
        return known;
    }

    private RequestFailedException notAdded(Duration within) {
        return new RequestFailedException(
                Status.INVALID,
                "Node " + self.id() + " is not a member of its cluster, and was not added within " + within.toSeconds()
                        + " s: lockstep node add " + self);
    }
}
