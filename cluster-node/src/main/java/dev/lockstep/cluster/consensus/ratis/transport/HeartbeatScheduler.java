package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.topology.NodeId;
import java.time.Duration;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LogAppender;
import org.jspecify.annotations.Nullable;

/**
 * Drives the appenders of all groups led by this node at a fixed rate, so that heartbeats are sent in time, on one event
 * loop. An appender may request an earlier round, once for all that request one. Thread-safe.
 */
final class HeartbeatScheduler {

    /** Rounds in the shortest election time-out: heartbeats are due after half of it. */
    private static final int ROUNDS_AN_ELECTION = 20;

    static final long FLUSH_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final EventLoop loop = EventLoop.threaded("raft-heartbeats");
    private final long intervalNanos;
    private final Runnable afterAppenders;
    private final Set<FollowerAppender> appenders = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean flushScheduled = new AtomicBoolean();

    /**
     * @param electionTimeout the shortest
     * @param afterAppenders run in each round once the appenders have been driven
     */
    HeartbeatScheduler(Duration electionTimeout, Runnable afterAppenders) {
        this.intervalNanos = electionTimeout.toNanos() / ROUNDS_AN_ELECTION;
        this.afterAppenders = afterAppenders;
    }

    void start() {
        loop.execute(this::tick);
    }

    void close() {
        loop.close();
    }

    private void tick() {
        try {
            tickAll();
        } finally { // or no peer would be sent a heartbeat any more
            loop.schedule(intervalNanos, this::tick);
        }
    }

    private void tickAll() {
        appenders.removeIf(appender -> !appender.tick());
        afterAppenders.run();
    }

    /** Drives all appenders in {@link #FLUSH_DELAY_NANOS}, once for all that ask until then. */
    void scheduleFlush() {
        if (flushScheduled.compareAndSet(false, true)) {
            loop.schedule(FLUSH_DELAY_NANOS, () -> {
                flushScheduled.set(false);
                tickAll();
            });
        }
    }

    /** Runs a task after some time, which must not block. */
    void schedule(long delayNanos, Runnable task) {
        loop.schedule(delayNanos, task);
    }

    /** Drives an appender regularly until it has stopped. */
    void add(FollowerAppender appender) {
        appenders.add(appender);
    }

    /** See {@link ReplicaTransport#furthestFollower}. */
    @Nullable
    RaftPeerId furthestFollower(RaftGroupId group, RaftPeerId but) {
        return appenders.stream()
                .filter(appender -> appender.isRunning()
                        && appender.getServer().getMemberId().getGroupId().equals(group)
                        && !appender.getFollowerId().equals(but))
                .map(LogAppender::getFollower)
                .max(Comparator.comparingLong(FollowerInfo::getMatchIndex))
                .map(FollowerInfo::getId)
                .orElse(null);
    }

    /** See {@link ReplicaTransport#electAnother}. */
    @Nullable
    FollowerInfo successor(RaftServer.Division leader, @Nullable RaftPeerId tried) {
        Set<NodeId> voters = RatisNames.allVoters(leader.getRaftConf());
        long flushed = leader.getRaftLog().getFlushIndex();
        return appenders.stream()
                .filter(appender -> appender.isRunning() && appender.getServer() == leader)
                .map(LogAppender::getFollower)
                .filter(follower ->
                        follower.getMatchIndex() > flushed && voters.contains(RatisNames.node(follower.getId())))
                .max(Comparator.<FollowerInfo, Boolean>comparing(
                                follower -> !follower.getId().equals(tried))
                        .thenComparingLong(FollowerInfo::getMatchIndex))
                .orElse(null);
    }
}
