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
import java.util.function.Predicate;
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
    /** The time after which groups are handed over in which callers still hold leases, if the node is drained or they are moved. */
    static final long LEASES_END_NANOS = TimeUnit.SECONDS.toNanos(5);
    /** The time without an election before a leadership is moved for balance. */
    static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final NodeId self;
    private final Supplier<? extends Collection<? extends Group>> groups;
    private final Supplier<Standing> standing;
    private final TermConfirmations peers;
    private final Time time;
    private final EventLoop loop;
    private final long patienceNanos;
    private final Map<NodeId, Said> said = new HashMap<>();
    private final Set<NodeId> asking = new HashSet<>();
    private final Map<Integer, Pending> pending = new TreeMap<>();
    /** By group that another node should lead. */
    private final Map<Integer, Long> movingSinceNanos = new HashMap<>();

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
    interface Group {

        int number();

        Leadership leadership();

        /** The highest position applied here. */
        long applied();

        /** Tells whether another node should lead it, since it is being moved away from this one. */
        boolean mustTransfer();

        /**
         * Begins to hand leadership over. Callers get no leases of entries meanwhile, since these end with the leadership, and the callers'
         * code would run again.
         *
         * @param givenUpNanos after which it counts as having failed
         * @param despiteLeases whether to do so even while callers hold leases
         * @return false if callers hold leases, and nothing has begun
         */
        boolean handOver(NodeId successor, long givenUpNanos, boolean despiteLeases);
    }

    private record Said(long askedNanos, List<ReplicaStatus> replicas) {}

    private record Pending(NodeId successor, long sinceNanos) {}

    /**
     * @param groups that this node hosts at present
     * @param standing asked at each tick
     * @param patienceNanos how long one may take until another replica is tried
     */
    LeadershipTransfers(
            NodeId self,
            Supplier<? extends Collection<? extends Group>> groups,
            Supplier<Standing> standing,
            TermConfirmations peers,
            Time time,
            EventLoop loop,
            long patienceNanos) {
        this.self = self;
        this.groups = groups;
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
        return stopping && (led().isEmpty() || (isAlone() && time.nanos() - stoppingSinceNanos > FRESH_NANOS));
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
        List<Led> moving = observeMoving(led, now);
        if (led.isEmpty() || !(stopping || stood != Standing.LEADS || tooMany || !moving.isEmpty())) {
            return;
        }
        ask(led);
        if (stopping || (stood == Standing.DRAINED && now - stoodSinceNanos > LEASES_END_NANOS)) {
            handOverAll(led, one -> true);
        } else if (stood != Standing.LEADS) {
            handOverAll(led, one -> false);
        } else if (!moving.isEmpty()) {
            handOverAll(moving, one -> now - movingSinceNanos.getOrDefault(one.group(), now) > LEASES_END_NANOS);
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

    /** One that this node leads, and so hosts. */
    private Group group(int number) {
        for (Group group : groups.get()) {
            if (group.number() == number) {
                return group;
            }
        }
        throw new IllegalArgumentException("Group " + number + " is not hosted here");
    }

    /** Finds the groups that another node should lead, and notes since when. */
    private List<Led> observeMoving(List<Led> led, long now) {
        List<Led> moving =
                led.stream().filter(one -> group(one.group()).mustTransfer()).toList();
        movingSinceNanos.keySet().retainAll(moving.stream().map(Led::group).toList());
        moving.forEach(one -> movingSinceNanos.putIfAbsent(one.group(), now));
        return moving;
    }

    private void handOverAll(List<Led> led, Predicate<Led> despiteLeases) {
        Map<NodeId, List<ReplicaStatus>> answers = answers();
        for (Led one : led) {
            if (pending.size() >= AT_A_TIME) {
                return;
            }
            if (!pending.containsKey(one.group())) {
                NodeId successor = Successors.of(one, self, answers, coming());
                if (successor != null) {
                    handOver(one.group(), successor, despiteLeases.test(one));
                }
            }
        }
    }

    private boolean handOver(int group, NodeId successor, boolean despiteLeases) {
        boolean begun = group(group).handOver(successor, patienceNanos, despiteLeases);
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
        return groups.get().stream()
                .map(group -> new Led(group.number(), group.leadership(), group.applied()))
                .filter(led -> led.leadership().leads())
                .toList();
    }

    private List<Leadership> leaderships() {
        return groups.get().stream().<Leadership>map(Group::leadership).toList();
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
