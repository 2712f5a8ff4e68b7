package dev.lockstep.cluster.node;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.topology.ShardMap;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Judges whether a node is healthy, by what it knows itself. Each judgement is a list of what is wrong, empty if nothing is. A node that is
 * not ready may become so by itself; one that is not alive has to be started again. Stateless.
 */
final class NodeHealth {

    /** Positions that a replica may have yet to apply. */
    static final long MAX_LAG = Successors.MAX_BEHIND;
    /** The time for which a node may not look after its replicas: no pause of a JVM that works is as long. */
    private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final NodeCore core;
    private final Consensus consensus;
    private final Supplier<Map<Integer, ReplicatedLog<?, ?>>> logs;
    private final Duration maxStaleness;

    /**
     * @param logs that are open, by the number of their group
     * @param maxStaleness how long a replica may be out of touch with its leader
     */
    NodeHealth(
            NodeCore core,
            Consensus consensus,
            Supplier<Map<Integer, ReplicatedLog<?, ?>>> logs,
            Duration maxStaleness) {
        this.core = core;
        this.consensus = consensus;
        this.logs = logs;
        this.maxStaleness = maxStaleness;
    }

    /** Says why the node has not been started yet: it is once the cluster is formed, and each of its groups has had a leader. */
    List<String> started() {
        return core.ready().isDone()
                ? List.of()
                : List.of("the cluster is not formed, or a replica has not heard of a leader since the start");
    }

    /** Says why the process has to be started again. Nothing that other nodes or the disk do makes it so. */
    List<String> live() {
        List<String> wrong = new ArrayList<>();
        long since = core.sinceUpkeepNanos();
        if (since > STUCK_NANOS) {
            wrong.add("the node has not looked after its replicas for " + TimeUnit.NANOSECONDS.toSeconds(since) + " s");
        }
        long[] deadlocked = ManagementFactory.getThreadMXBean().findDeadlockedThreads();
        if (deadlocked != null) {
            wrong.add(deadlocked.length + " threads wait for each other for ever");
        }
        return wrong;
    }

    /** Says why the node should get no requests, or not be the last of its cluster that is changed. */
    List<String> ready() {
        List<String> wrong = new ArrayList<>();
        if (core.isStopping()) {
            wrong.add("the node is about to stop");
        }
        for (ReplicaStatus replica : consensus.replicas()) {
            if (replica.state() != State.INTACT) {
                wrong.add(name(replica.group()) + " is "
                        + replica.state().name().toLowerCase(Locale.ROOT).replace('_', ' ')
                        + (replica.note().isEmpty() ? "" : ": " + replica.note()));
            } else if (!replica.note().isEmpty()) {
                wrong.add(name(replica.group()) + ": " + replica.note());
            }
        }
        logs.get().forEach((group, log) -> {
            String problem = problem(log);
            if (!problem.isEmpty()) {
                wrong.add(name(group) + " " + problem);
            }
        });
        return wrong;
    }

    private String problem(ReplicatedLog<?, ?> log) {
        ReplicatedLog.Leadership leadership = log.leadership();
        long contact = log.sinceLeaderContactNanos();
        long lag = NodeMetering.lag(log);
        if (leadership.leader() == null) {
            return "knows no leader";
        }
        if (leadership.leads() && !leadership.ready()) {
            return "has just been elected";
        }
        if (contact == Long.MAX_VALUE) {
            return "has not heard from its leader yet";
        }
        if (contact > maxStaleness.toNanos()) {
            return "has not heard from its leader for " + TimeUnit.NANOSECONDS.toMillis(contact) + " ms";
        }
        return lag > MAX_LAG ? "is " + lag + " positions behind" : "";
    }

    private static String name(int group) {
        return group == ShardMap.CONTROL_GROUP ? "the control group" : "shard " + group;
    }
}
