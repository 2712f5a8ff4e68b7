package dev.lockstep.cluster.node;

import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.node.Successors.HandOver;
import dev.lockstep.cluster.node.Successors.Led;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands leaderships of this node over: all of them, a few at a time, when it is about to stop, and while it is drained or its clock is
 * off; otherwise one now and then, while it leads more than its share and the cluster is quiet. A transfer has
 * succeeded when another node is seen to lead, whatever was answered. Used on one loop.
 */
final class LeadershipTransfers {

    private static final Logger LOG = LoggerFactory.getLogger(LeadershipTransfers.class);
    /** Hand-overs in flight at once, so that none waits for the elections of many others. */
    private static final int AT_A_TIME = 4;

    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** Age at which an answer says nothing any more about which nodes are up. */
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** The time after which a drained node hands over groups in which callers still hold leases. */
    static final long LEASES_END_NANOS = TimeUnit.SECONDS.toNanos(5);
    /** The time without an election before a leadership is moved for balance. */
    static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final NodeId self;
    private final Collection<Group> groups;
    private final Supplier<Standing> standing;
    private final TermConfirmations peers;
    private final Time time;
    private final EventLoop loop;
    private final long patienceNanos;
    private final Map<NodeId, Said> said = new HashMap<>();
    private final Set<NodeId> asking = new HashSet<>();
    private final Map<Integer, Pending> pending = new TreeMap<>();
    private boolean stopping;
    private long stoppingSinceNanos;
    private Standing stood = Standing.LEADS;
    private long stoodSinceNanos;
    private long lastAskedNanos;

    /** The readiness of a running node to lead. */
    enum Standing {
        /** It leads its share. */
        LEADS,
        /** Another should lead, since this node's wall clock is wrong; but not before leases have ended. */
        CLOCK_OFF,
        /** An operator wants it to lead nothing; leases are given some time to end. */
        DRAINED
    }

    /** A group of which this node has a replica. */
    record Group(int number, Supplier<Leadership> leadership, LongSupplier applied, Transfer transfer) {}

    /** The transfer of the leadership of one group. */
    interface Transfer {

        /**
         * Begins to hand leadership over. Callers get no leases of entries meanwhile, since these end with the leadership, and the callers'
         * code would run again.
         *
         * @param givenUpNanos after which it counts as having failed
         * @param despiteLeases whether to do so even while callers hold leases
         * @return false if callers hold leases, and nothing has begun
         */
        boolean begin(NodeId successor, long givenUpNanos, boolean despiteLeases);
    }

    private record Said(long askedNanos, List<ReplicaStatus> replicas) {}

    private record Pending(NodeId successor, long sinceNanos) {}

    /**
     * @param standing asked at each tick
     * @param patienceNanos how long one may take until another replica is tried
     */
    LeadershipTransfers(
            NodeId self,
            Collection<Group> groups,
            Supplier<Standing> standing,
            TermConfirmations peers,
            Time time,
            EventLoop loop,
            long patienceNanos) {
        this.self = self;
        this.groups = List.copyOf(groups);
        this.standing = standing;
        this.peers = peers;
        this.time = time;
        this.loop = loop;
        this.patienceNanos = patienceNanos;
        this.lastAskedNanos = time.nanos() - ASK_NANOS;
    }

    /** Hands all leaderships over from now on. */
    void stop() {
        if (!stopping) {
            stopping = true;
            stoppingSinceNanos = time.nanos();
            LOG.info("Node {} is about to stop: it transfers its leaderships", self);
        }
    }

    /** Tells whether a node that is about to stop leads no group any more, or no other node could take over the rest. */
    boolean mayStop() {
        List<Led> led = led();
        return stopping && (led.isEmpty() || (isAlone() && time.nanos() - stoppingSinceNanos > FRESH_NANOS));
    }

    /** Starts the transfers that are due; called every few milliseconds. */
    void tick(long quietNanos) {
        List<Led> led = led();
        long now = time.nanos();
        pending.entrySet()
                .removeIf(one -> led.stream().noneMatch(leading -> leading.group() == one.getKey())
                        || now - one.getValue().sinceNanos() > patienceNanos);
        boolean tooMany = quietNanos > QUIET_NANOS && led.size() > Successors.share(leaderships()) && pending.isEmpty();
        observeStanding(now);
        if (led.isEmpty() || !(stopping || stood != Standing.LEADS || tooMany)) {
            return;
        }
        ask(led);
        if (stopping || (stood == Standing.DRAINED && now - stoodSinceNanos > LEASES_END_NANOS)) {
            handOverAll(led, true);
        } else if (stood != Standing.LEADS) {
            handOverAll(led, false);
        } else {
            HandOver one = Successors.fromTooMany(led, self, answers());
            if (one != null && handOver(one.group(), one.successor(), false)) {
                LOG.info(
                        "Node {} leads {} groups, more than its share, and transfers one to {}",
                        self,
                        led.size(),
                        one.successor());
                said.clear(); // they lead other groups soon than they have said
            }
        }
    }

    private void observeStanding(long now) {
        Standing stands = standing.get();
        if (stands == stood) {
            return;
        }
        if (stands == Standing.DRAINED) {
            LOG.info("Node {} is drained by an operator: it transfers its leaderships", self);
        } else if (stood == Standing.DRAINED) {
            LOG.info("Node {} is not drained any more: it takes leaderships over again", self);
        }
        stood = stands;
        stoodSinceNanos = now;
    }

    private void handOverAll(List<Led> led, boolean despiteLeases) {
        Map<NodeId, List<ReplicaStatus>> answers = answers();
        for (Led one : led) {
            if (pending.size() >= AT_A_TIME) {
                return;
            }
            if (!pending.containsKey(one.group())) {
                NodeId successor = Successors.of(one, self, answers, coming());
                if (successor != null) {
                    handOver(one.group(), successor, despiteLeases);
                }
            }
        }
    }

    private boolean handOver(int group, NodeId successor, boolean despiteLeases) {
        boolean begun = groups.stream()
                .anyMatch(
                        one -> one.number() == group && one.transfer().begin(successor, patienceNanos, despiteLeases));
        if (begun) {
            pending.put(group, new Pending(successor, time.nanos()));
        }
        return begun;
    }

    private Map<NodeId, Integer> coming() {
        Map<NodeId, Integer> coming = new HashMap<>();
        pending.values().forEach(one -> coming.merge(one.successor(), 1, Integer::sum));
        return coming;
    }

    private List<Led> led() {
        return groups.stream()
                .map(group -> new Led(
                        group.number(),
                        group.leadership().get(),
                        group.applied().getAsLong()))
                .filter(led -> led.leadership().leads())
                .toList();
    }

    private List<Leadership> leaderships() {
        return groups.stream().map(group -> group.leadership().get()).toList();
    }

    // What the others say of their replicas

    private void ask(List<Led> led) {
        long now = time.nanos();
        if (now - lastAskedNanos < ASK_NANOS) {
            return;
        }
        lastAskedNanos = now;
        led.stream()
                .flatMap(one -> one.leadership().voters().stream())
                .flatMap(Set::stream)
                .distinct()
                .sorted()
                .filter(peer -> !peer.equals(self) && asking.add(peer))
                .forEach(peer -> peers.ask(
                        peer, new Request.DescribeReplicas(), reply -> loop.execute(() -> answered(peer, now, reply))));
    }

    private void answered(NodeId peer, long askedNanos, @Nullable Reply reply) {
        asking.remove(peer);
        if (reply instanceof Reply.Replicas replicas) {
            said.put(peer, new Said(askedNanos, replicas.replicas()));
        }
    }

    private Map<NodeId, List<ReplicaStatus>> answers() {
        long now = time.nanos();
        Map<NodeId, List<ReplicaStatus>> answers = new TreeMap<>();
        said.forEach((peer, one) -> {
            if (now - one.askedNanos() < FRESH_NANOS && !Successors.isLeaving(one.replicas())) {
                answers.put(peer, one.replicas());
            }
        });
        return answers;
    }

    private boolean isAlone() {
        return answers().isEmpty() && pending.isEmpty();
    }
}
