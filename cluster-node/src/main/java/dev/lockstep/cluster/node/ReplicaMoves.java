package dev.lockstep.cluster.node;

import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.RepeatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the replicas of the groups that this node leads to where the layout wants them: has the replica opened, then changes the voters,
 * and reports that to the control group once they are as wanted. The next step follows from the layout and the voters at that time
 * alone, so whoever leads next goes on with it. Used on one loop.
 */
final class ReplicaMoves {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicaMoves.class);
    /** Groups of one leader that are being moved at once: each sends its entries or its checkpoint. */
    private static final int AT_A_TIME = 2;

    /** Many times what it takes until each node has heard of a layout. */
    private static final long STRAY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final NodeId self;
    private final TermConfirmations peers;
    private final Consumer<Request.ReplicasMoved> reports;
    private final Time time;
    private final EventLoop loop;
    private final RepeatedLog log;
    private final Map<Integer, Long> restUntilNanos = new HashMap<>();
    private final Set<Integer> inFlight = new TreeSet<>();
    private final Map<Integer, Long> strayUntilNanos = new HashMap<>();
    private final LongAdder changed = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder changingNanos = new LongAdder();
    private long lookAgainNanos;

    /** A group of which this node has a replica. */
    interface Group {

        int number();

        Leadership leadership();

        /** See {@link dev.lockstep.cluster.consensus.ReplicatedLog#votersAreCommitted}. */
        boolean votersAreCommitted();

        /** See {@link dev.lockstep.cluster.consensus.ReplicatedLog#changeVoters}. */
        CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to);
    }

    /** @param reports takes a move that has come about to the control group, which may get lost: it is repeated */
    ReplicaMoves(
            NodeId self, TermConfirmations peers, Consumer<Request.ReplicasMoved> reports, Time time, EventLoop loop) {
        this.self = self;
        this.peers = peers;
        this.reports = reports;
        this.time = time;
        this.loop = loop;
        this.log = new RepeatedLog(time);
        this.lookAgainNanos = time.nanos();
    }

    /** Takes the steps that are due; called every few milliseconds. */
    void tick(Layout layout, List<? extends Group> groups) {
        long now = time.nanos();
        if (!layout.isFormed() || (layout.moves().isEmpty() && now - lookAgainNanos < 0)) {
            return;
        }
        lookAgainNanos = now + PAUSE_NANOS;
        for (Group group : groups) {
            Layout.Move move = layout.moves().get(group.number());
            List<NodeId> wanted = layout.targetOf(group.number());
            Leadership leadership = group.leadership();
            if (!leadership.ready()) {
                strayUntilNanos.remove(group.number());
                continue;
            }
            if (leadership.voters().size() > 1 || isResting(group)) {
                continue;
            }
            Set<NodeId> voters = leadership.voters().get(0);
            if (voters.size() != wanted.size() || !voters.containsAll(wanted)) {
                if (move != null || isStray(group.number())) {
                    move(group, voters, wanted);
                }
                continue;
            }
            strayUntilNanos.remove(group.number());
            if (move != null && haveCommitted(group, leadership)) {
                rest(group.number());
                reports.accept(new Request.ReplicasMoved(group.number(), move.since()));
            }
        }
    }

    /**
     * Tells whether the voters of a leadership are committed. The node led the group all the while if its leadership is still the same, so
     * no other leader can have replaced them.
     */
    private static boolean haveCommitted(Group group, Leadership leadership) {
        return group.votersAreCommitted() && group.leadership().equals(leadership);
    }

    /**
     * Tells whether a group has had other voters than its hosts for some time, while none were wanted: one that led it followed a layout
     * that was no longer the newest. So may this node, for a moment.
     */
    private boolean isStray(int group) {
        return time.nanos() - strayUntilNanos.computeIfAbsent(group, none -> time.nanos() + STRAY_NANOS) >= 0;
    }

    /**
     * The changes of voters that this node has made as a leader since it was started. A move takes one or two.
     *
     * @param failed those that have not come about, or not in time; they are tried again
     * @param nanos that the others have taken together
     */
    record Counts(long changed, long failed, long nanos) {}

    /** Returns them as they are now. On any thread. */
    Counts counts() {
        return new Counts(changed.sum(), failed.sum(), changingNanos.sum());
    }

    private boolean isResting(Group group) {
        Long until = restUntilNanos.get(group.number());
        return inFlight.contains(group.number()) || (until != null && time.nanos() - until < 0);
    }

    private void rest(int group) {
        inFlight.remove(group);
        restUntilNanos.put(group, time.nanos() + PAUSE_NANOS);
    }

    private void move(Group group, Set<NodeId> voters, List<NodeId> wanted) {
        VoterChange change = VoterChange.next(voters, wanted, self);
        if (change == null || inFlight.size() >= AT_A_TIME) {
            return;
        }
        inFlight.add(group.number());
        if (change.joining() == null) {
            change(group, voters, change);
            return;
        }
        peers.ask(
                change.joining(),
                new Request.OpenReplica(group.number(), voters.stream().sorted().toList()),
                reply -> loop.execute(() -> {
                    if (reply instanceof Reply.Done) {
                        change(group, voters, change);
                    } else {
                        log.say(
                                "group " + group.number(),
                                "Group " + group.number() + " waits for node " + change.joining()
                                        + " to open its replica: "
                                        + (reply instanceof Reply.Refused refused
                                                ? refused.message()
                                                : "it does not answer"),
                                LOG::info);
                        rest(group.number());
                    }
                }));
    }

    private void change(Group group, Set<NodeId> voters, VoterChange change) {
        LOG.info("The voters of group {} change from {} to {}", group.number(), voters, change.to());
        long from = time.nanos();
        group.changeVoters(voters, change.to())
                .whenComplete((done, failure) -> loop.execute(() -> {
                    if (failure == null) {
                        changed.increment();
                        changingNanos.add(time.nanos() - from);
                        LOG.info(
                                "The voters of group {} are {}, after {} ms",
                                group.number(),
                                change.to(),
                                TimeUnit.NANOSECONDS.toMillis(time.nanos() - from));
                    } else {
                        failed.increment();
                        log.say(
                                "change of " + group.number(),
                                "The voters of group " + group.number() + " could not be changed to " + change.to()
                                        + ", which is tried again: " + failure.getMessage(),
                                LOG::warn);
                    }
                    rest(group.number());
                }));
    }
}
