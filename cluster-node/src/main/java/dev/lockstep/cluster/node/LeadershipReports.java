package dev.lockstep.cluster.node;

import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches which node leads each group of which this node has a replica, and logs changes: once each, those that come
 * together in one line. Used on one loop; the counts and tenures may be read by all threads.
 */
final class LeadershipReports {

    private static final Logger LOG = LoggerFactory.getLogger(LeadershipReports.class);
    /** An election that takes less is told by its outcome alone. */
    private static final long TOGETHER_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    private final NodeId self;
    private final Time time;
    private final Map<Integer, Leader> leaders = new TreeMap<>();
    private final LongAdder changes = new LongAdder();
    private final Map<Integer, Tenure> tenures = new ConcurrentHashMap<>();
    private boolean isUntold;
    private long untoldSinceNanos;
    private long changedNanos;

    /**
     * The leader of a group.
     *
     * @param now null if the leader is unknown
     * @param told what people were told last
     */
    private record Leader(@Nullable NodeId now, Told told) {

        static final Leader NONE = new Leader(null, new Told(null, false));

        boolean isTold() {
            return now == null ? told.lost() || told.leader() == null : !told.lost() && now.equals(told.leader());
        }
    }

    /**
     * @param leader the last that there was; null if there never was one
     * @param lost whether it was said to be lost
     */
    private record Told(@Nullable NodeId leader, boolean lost) {}

    /** A leadership of this node. */
    private record Tenure(long term, long sinceNanos) {}

    /** @param isLoss whether an operator should look if nothing follows it */
    record Message(boolean isLoss, String text) {}

    LeadershipReports(NodeId self, Time time) {
        this.self = self;
        this.time = time;
        this.changedNanos = time.nanos();
    }

    /** Compares the leaderships of all groups that this node hosts with the last ones; called every few milliseconds. */
    void observe(Map<Integer, Leadership> leaderships) {
        for (Message message : changes(leaderships)) {
            if (message.isLoss()) {
                LOG.warn(message.text());
            } else {
                LOG.info(message.text());
            }
        }
    }

    /** Returns the log lines that are due now. */
    List<Message> changes(Map<Integer, Leadership> leaderships) {
        long now = time.nanos();
        leaderships.forEach((group, leadership) -> {
            Leader before = leaders.getOrDefault(group, Leader.NONE);
            if (leadership.leader() == null || !Objects.equals(leadership.leader(), before.now())) {
                changedNanos = now;
            }
            if (leadership.leader() != null
                    && before.told().leader() != null
                    && !leadership.leader().equals(before.now())) {
                changes.increment();
            }
            leaders.put(group, new Leader(leadership.leader(), before.told()));
            tenures.compute(group, (same, tenure) -> {
                if (!leadership.leads()) {
                    return null;
                }
                boolean goesOn = tenure != null && tenure.term() == leadership.term();
                return goesOn ? tenure : new Tenure(leadership.term(), now);
            });
        });
        tenures.keySet().retainAll(leaderships.keySet());
        if (leaders.values().stream().allMatch(Leader::isTold)) {
            isUntold = false;
        } else if (!isUntold) {
            isUntold = true;
            untoldSinceNanos = now;
        } else if (now - untoldSinceNanos > TOGETHER_NANOS) {
            isUntold = false;
            return tell();
        }
        return List.of();
    }

    private List<Message> tell() {
        Map<Leader, TreeSet<Integer>> alike = new LinkedHashMap<>();
        leaders.forEach((group, leader) -> {
            if (!leader.isTold()) {
                alike.computeIfAbsent(leader, none -> new TreeSet<>()).add(group);
            }
        });
        List<Message> messages = new ArrayList<>();
        alike.forEach((leader, groups) -> {
            NodeId last = leader.now() == null ? leader.told().leader() : leader.now();
            groups.forEach(group -> leaders.put(group, new Leader(leader.now(), new Told(last, leader.now() == null))));
            messages.add(message(leader, names(groups)));
        });
        return messages;
    }

    private Message message(Leader leader, String groups) {
        NodeId before = leader.told().leader();
        if (leader.now() == null) {
            return new Message(
                    true,
                    "No leader of " + groups + " is known: " + before
                            + (self.equals(before)
                                    ? " has stepped down"
                                    : ", which led, is not heard of any more or has stepped down"));
        }
        String how = before == null ? "" : leader.now().equals(before) ? " again" : ", until now " + before + " did";
        return new Message(false, leader.now() + " leads " + groups + how);
    }

    /** Returns how often a group has got a leader, since it first had one here. On any thread. */
    long changes() {
        return changes.sum();
    }

    /** Returns for how long this node has led a group without a break; 0 if it does not. On any thread. */
    long tenureNanos(int group) {
        Tenure tenure = tenures.get(group);
        return tenure == null ? 0 : time.nanos() - tenure.sinceNanos();
    }

    /** The time for which every group has had the leader that it has. */
    long quietNanos() {
        return time.nanos() - changedNanos;
    }

    /** Lists groups, as in "shards 0, 3 and the control group". */
    private static String names(TreeSet<Integer> groups) {
        List<String> shards = groups.stream()
                .filter(group -> group != ShardMap.CONTROL_GROUP)
                .map(String::valueOf)
                .toList();
        String named = (shards.size() == 1 ? "shard " : "shards ") + String.join(", ", shards);
        if (!groups.contains(ShardMap.CONTROL_GROUP)) {
            return named;
        }
        return shards.isEmpty() ? "the control group" : named + " and the control group";
    }
}
