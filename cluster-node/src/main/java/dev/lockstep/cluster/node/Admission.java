package dev.lockstep.cluster.node;

import dev.lockstep.protocol.link.RequestFailedException;
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
    private final boolean wasMember;
    private final CompletableFuture<Layout> admitted = new CompletableFuture<>();
    private Layout newest;
    private boolean started;

    /**
     * @param last the layout that the node has kept; null if it has none. Its settings say better where members are
     * @param formation the layout by which a cluster is formed, if there is none yet
     */
    Admission(Member self, @Nullable Layout last, Layout formation) {
        this.self = self;
        this.known = formation.members();
        this.wasMember = last != null && last.member(self.id()) != null;
        this.newest = last == null ? formation : last.at(known);
    }

    /** The newest layout that is known; that of the formation if no other is. */
    synchronized Layout newest() {
        return newest;
    }

    /** Learns what the node itself has been told as a member. */
    synchronized void follow(Layout layout) {
        if (layout.version() > newest.version()) {
            newest = layout;
        }
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
                if (isMember) {
                    admitted.complete(newest);
                }
            }
            if (!started || isMember) {
                return null; // a member that has started follows the layout by itself
            }
            return newest.isFormed()
                    ? "Node " + self.id() + " stops, because it has been removed from cluster " + view.cluster()
                            + ". To have it back, start it again, then: lockstep node add " + self
                    : "Node " + self.id() + " stops, because cluster " + view.cluster()
                            + " was formed without it. Start it again, and it waits to be added: lockstep node add "
                            + self;
        }
    }

    /**
     * Waits until this node is a member: it is, if no other one knows better than its settings.
     *
     * @return the layout to start with
     * @throws RequestFailedException if it is none within the time
     */
    Layout await(Duration within) {
        Layout known = newest();
        if (known.member(self.id()) == null) {
            LOG.warn(
                    "Node {} {}, and waits for: lockstep node add {}",
                    self.id(),
                    wasMember ? "has been removed" : "is not a member of its cluster yet",
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
