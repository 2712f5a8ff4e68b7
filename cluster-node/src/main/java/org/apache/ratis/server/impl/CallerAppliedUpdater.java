package org.apache.ratis.server.impl;

import dev.lockstep.protocol.runtime.Burst;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.raftlog.RaftLogIOException;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.StateMachine;
import org.apache.ratis.util.Daemon;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Applies committed entries on the thread that has learned of the commit, where they are few and quick, and on a thread of its own
 * otherwise, as the updater that it takes the place of always does. Also advances a leader's commit index on the thread that brings a
 * follower's answer, which Ratis leaves to yet another thread.
 *
 * <p>Lives in Ratis' package, since the class that it extends is visible there only. Thread-safe. One thread applies at a time:
 * the one that holds {@code applying}. A thread that has learned of a commit never waits for it, and applies only once it has
 * let go of the monitors of Ratis ({@link #applyAfter}): a state machine may propose while it applies, which takes the server's
 * monitor.
 *
 * <p>Leaves out the parts of Ratis' updater that this product does not use: metrics, and snapshots taken by request or when the
 * replica stops. The state machine must have applied an entry when its method returns.
 */
@NullMarked
public final class CallerAppliedUpdater extends StateMachineUpdater {

    /** The entries that a caller may apply: more are left to the thread, since the caller has other groups to serve. */
    private static final int MOST_ENTRIES = 4;

    private static final long LONGEST_PARK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The replicas with new commits since the current thread entered {@link #applyAfter}; none outside of it. */
    private static final ThreadLocal<@Nullable List<CallerAppliedUpdater>> COMMITTED = new ThreadLocal<>();

    private enum Phase {
        RUNNING,
        /** A snapshot was installed, and the state machine is to be read from it. */
        RELOADING,
        FAILED,
        STOPPED
    }

    private final RaftServerImpl server;
    private final ServerState state;
    private final RaftLog log;
    private final StateMachine machine;
    private final LongConsumer appliedListener;
    private final MethodHandle updateCommit;
    private final Predicate<LogEntryProto> quick;
    private final Thread thread;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final ReentrantLock applying = new ReentrantLock();
    /** Guarded by {@code applying}. */
    private long snapshot;
    /** Written under {@code applying}. */
    private volatile long applied;

    private volatile Phase phase = Phase.RUNNING;
    private volatile long end = Long.MAX_VALUE;
    private volatile @Nullable Throwable failure;

    /**
     * @param updateCommit {@code LeaderStateImpl.updateCommit()}
     * @param quick whether a caller may apply an entry; asked by one thread at a time
     */
    public CallerAppliedUpdater(
            RaftServer.Division division, RaftLog log, MethodHandle updateCommit, Predicate<LogEntryProto> quick) {
        this((RaftServerImpl) division, log, updateCommit, quick);
    }

    private CallerAppliedUpdater(
            RaftServerImpl server, RaftLog log, MethodHandle updateCommit, Predicate<LogEntryProto> quick) {
        super(
                server.getStateMachine(),
                server,
                server.getState(),
                log.getSnapshotIndex(),
                server.getRaftServer().getProperties(),
                server.getState().getReadRequests().getAppliedIndexConsumer());
        this.server = server;
        this.state = server.getState();
        this.log = log;
        this.machine = server.getStateMachine();
        this.appliedListener = state.getReadRequests().getAppliedIndexConsumer();
        this.updateCommit = updateCommit;
        this.quick = quick;
        this.applied = log.getSnapshotIndex();
        this.snapshot = applied;
        this.thread = Daemon.newBuilder()
                .setName(server.getMemberId() + "-apply")
                .setRunnable(this)
                .setThreadGroup(server.getThreadGroup())
                .build();
    }

    /** Returns the updater of a replica; null when that has Ratis' own. */
    public static @Nullable CallerAppliedUpdater of(RaftServer.Division division) {
        return division instanceof RaftServerImpl server
                        && server.getState().getStateMachineUpdater() instanceof CallerAppliedUpdater updater
                ? updater
                : null;
    }

    // On threads that learn of commits

    /** Runs something that may commit entries, and applies those afterwards. The caller holds no lock that a state machine or Ratis may want. */
    public static void applyAfter(Runnable committing) {
        if (COMMITTED.get() != null) {
            committing.run();
            return;
        }
        List<CallerAppliedUpdater> committed = new ArrayList<>(1);
        COMMITTED.set(committed);
        Burst.run(() -> {
            try {
                committing.run();
            } finally {
                COMMITTED.remove();
                committed.forEach(CallerAppliedUpdater::applyHere);
            }
        });
    }

    @Override
    void notifyUpdater() {
        List<CallerAppliedUpdater> committed = COMMITTED.get();
        if (committed == null) {
            LockSupport.unpark(thread);
        } else if (!committed.contains(this)) {
            committed.add(this);
        }
    }

    private void applyHere() {
        if (!applying.isHeldByCurrentThread() && applying.tryLock()) {
            try {
                if (phase == Phase.RUNNING && mayApplyHere()) {
                    applyCommitted();
                }
            } catch (Throwable cause) {
                failure = cause;
            } finally {
                applying.unlock();
            }
        }
        if (applied < log.getLastCommittedIndex() || failure != null) {
            LockSupport.unpark(thread);
        }
    }

    private boolean mayApplyHere() throws RaftLogIOException {
        long committed = log.getLastCommittedIndex();
        if (committed - applied > MOST_ENTRIES || end != Long.MAX_VALUE) {
            return false;
        }
        for (long index = applied + 1; index <= committed; index++) {
            LogEntryProto entry = log.get(index);
            if (entry == null || !quick.test(entry)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Does what {@link LeaderState#onFollowerSuccessAppendEntries} leaves to a thread of the leader: advances the commit index by
     * what a follower has. Nothing but that: while the configuration changes or a new member catches up, Ratis may have to wait.
     *
     * @return false when it was not done
     */
    public boolean commit(LeaderState leader, FollowerInfo follower) {
        LeaderStateImpl leading = (LeaderStateImpl) leader;
        if (isReconfiguring(leading, follower)) { // before it waits for the monitor
            return false;
        }
        synchronized (server) {
            if (leading.isRunning()) {
                if (isReconfiguring(leading, follower)) {
                    return false;
                }
                try {
                    updateCommit.invoke(leading);
                } catch (RuntimeException | Error thrown) {
                    throw thrown;
                } catch (Throwable never) {
                    throw new IllegalStateException(never);
                }
            }
        }
        server.getTransferLeadership().onFollowerAppendEntriesReply(follower);
        return true;
    }

    private boolean isReconfiguring(LeaderStateImpl leading, FollowerInfo follower) {
        return leading.inStagingState()
                || leading.isFollowerBootstrapping(follower)
                || server.getRaftConf().isTransitional()
                || !state.isConfCommitted();
    }

    // The thread

    @Override
    void start() {
        thread.start();
        appliedListener.accept(applied);
    }

    @Override
    public void run() {
        try {
            while (phase != Phase.STOPPED) {
                long before = applied;
                try {
                    Burst.run(this::work);
                } catch (Throwable cause) {
                    phase = Phase.FAILED;
                    LOG.error("{} can't apply the entry after position {}: the replica closes", this, applied, cause);
                    server.close();
                    stop(); // when another thread was closing it already
                }
                if (phase != Phase.STOPPED && (applied == before || applied >= log.getLastCommittedIndex())) {
                    LockSupport.parkNanos(this, LONGEST_PARK_NANOS);
                }
            }
        } finally {
            ended.countDown();
        }
    }

    private void work() throws Throwable {
        applying.lock();
        try {
            Throwable here = failure;
            if (here != null) {
                throw here;
            }
            if (phase == Phase.RELOADING) {
                reload();
            }
            boolean complete = applyCommitted();
            purge();
            if (end != Long.MAX_VALUE && (applied >= end || !complete)) {
                stop();
            }
        } finally {
            applying.unlock();
        }
    }

    /**
     * With {@code applying} held.
     *
     * @return false when an entry is not in the log: a snapshot is to be installed
     */
    private boolean applyCommitted() throws RaftLogIOException {
        long last = Math.min(log.getLastCommittedIndex(), end);
        while (applied < last && phase == Phase.RUNNING) {
            LogEntryProto next = log.get(applied + 1);
            if (next == null) {
                return false;
            }
            server.applyLogToStateMachine(next);
            applied = next.getIndex();
            appliedListener.accept(applied);
        }
        return true;
    }

    /** Deletes what a newer snapshot has made dead. */
    private void purge() throws IOException {
        long newest = phase == Phase.RUNNING ? machine.takeSnapshot() : RaftLog.INVALID_LOG_INDEX;
        if (newest > snapshot) {
            snapshot = newest;
            log.purge(newest);
        }
    }

    private void reload() throws IOException {
        if (machine.getLifeCycleState() != LifeCycle.State.PAUSED) {
            throw new IllegalStateException(this + ": a snapshot is installed while entries may be applied");
        }
        machine.reinitialize();
        SnapshotInfo installed = machine.getLatestSnapshot();
        if (installed == null) {
            throw new IllegalStateException(this + ": there is no snapshot after one was installed");
        }
        snapshot = installed.getIndex();
        applied = installed.getIndex();
        appliedListener.accept(applied);
        phase = Phase.RUNNING;
    }

    @Override
    void reloadStateMachine() {
        phase = Phase.RELOADING;
        LockSupport.unpark(thread);
    }

    /** Waits until all that is committed now has been applied. */
    @Override
    void stopAndJoin() throws InterruptedException {
        if (phase == Phase.FAILED) {
            stop();
            return;
        }
        end = Math.min(end, log.getLastCommittedIndex());
        LockSupport.unpark(thread);
        ended.await();
    }

    private void stop() {
        if (phase != Phase.STOPPED) {
            phase = Phase.STOPPED;
            try {
                machine.close();
            } catch (IOException | RuntimeException cause) {
                LOG.warn("{}: the state machine could not be closed", this, cause);
            }
        }
    }
}
