package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The calls that wait until one group has a leader again. One of them tries at a time, at growing intervals. Each answer of a leader then lets
 * eight others go on, so a new leader is given as much as it answers. If each tried by itself, a cluster that has lost a node would be given many
 * times its load, and its other groups lose their leaders too. Thread-safe; the lock guards which calls wait, and none goes on while it is held.
 */
final class LeaderQueue {

    private static final int RELEASED_AT_ONCE = 8;

    private final EventLoop loop;
    private final Entropy entropy;
    /** Those that have asked some replicas already. The last goes on first, with the next replica: it has come furthest. */
    private final Deque<Waiting> tried = new ArrayDeque<>();

    private final Set<Waiting> untried = new LinkedHashSet<>();
    /** Whether the last call that tried has found no leader. */
    private volatile boolean leaderless;

    private volatile boolean anyWaiting;

    private volatile @Nullable RequestFailedException lastFailure;
    private int looks;
    private boolean looking;
    private boolean closed;

    /** A call that waits. */
    interface Waiting {

        /**
         * Makes the next attempt.
         *
         * @param leaderFound whether there is a leader again, so that replicas which knew of none are worth asking anew
         */
        void goOn(boolean leaderFound);
    }

    LeaderQueue(EventLoop loop, Entropy entropy) {
        this.loop = loop;
        this.entropy = entropy;
    }

    /** Tells whether a new call has to wait behind others. */
    boolean isBlocked() {
        return leaderless && anyWaiting;
    }

    /** Returns the failure of the last call that tried and had to wait; null if none has. */
    @Nullable
    RequestFailedException lastFailure() {
        return lastFailure;
    }

    /**
     * Has a call wait that has found no leader.
     *
     * @param why what it was told
     */
    void failed(Waiting call, @Nullable RequestFailedException why) {
        lastFailure = why;
        join(call, () -> {
            leaderless = true;
            tried.addFirst(call);
        });
    }

    /** Has a call wait that has asked nobody yet. */
    void join(Waiting call) {
        join(call, () -> untried.add(call));
    }

    private void join(Waiting call, Runnable add) {
        synchronized (this) {
            if (!closed) {
                add.run();
                anyWaiting = true;
                look();
                return;
            }
        }
        call.goOn(false);
    }

    /** Lets a call go that has ended. Returns whether it has waited. */
    synchronized boolean leave(Waiting call) {
        boolean waited = tried.remove(call) || untried.remove(call);
        anyWaiting = !tried.isEmpty() || !untried.isEmpty();
        return waited;
    }

    private void look() {
        if (!looking) {
            looking = true;
            looks++;
            long millis = RetryDecision.backOff(looks);
            long jittered = millis + entropy.nextInt((int) millis / 2 + 1);
            loop.schedule(TimeUnit.MILLISECONDS.toNanos(jittered), this::tryOne);
        }
    }

    private void tryOne() {
        Waiting next;
        synchronized (this) {
            looking = false;
            next = taken(tried.pollFirst());
            if (anyWaiting) {
                look();
            }
        }
        if (next != null) {
            next.goOn(false);
        }
    }

    /** A leader has answered. */
    void answered() {
        if (!leaderless && !anyWaiting) {
            return;
        }
        List<Waiting> next = new ArrayList<>(RELEASED_AT_ONCE);
        synchronized (this) {
            leaderless = false;
            looks = 0;
            while (anyWaiting && next.size() < RELEASED_AT_ONCE) {
                next.add(Objects.requireNonNull(taken(tried.pollLast())));
            }
        }
        // Not on this thread: an answer within this JVM would call again, and so on.
        next.forEach(call -> loop.execute(() -> call.goOn(true)));
    }

    /** Returns the call that was taken from those that have tried, or if there was none the first of the others; null if there is none. */
    private @Nullable Waiting taken(@Nullable Waiting ofTried) {
        Waiting next = ofTried;
        Iterator<Waiting> others = untried.iterator();
        if (next == null && others.hasNext()) {
            next = others.next();
            others.remove();
        }
        anyWaiting = !tried.isEmpty() || !untried.isEmpty();
        return next;
    }

    /** Lets all go on, and whoever comes later: they learn that the router is closed. */
    void close() {
        List<Waiting> all = new ArrayList<>();
        synchronized (this) {
            closed = true;
            all.addAll(tried);
            all.addAll(untried);
            tried.clear();
            untried.clear();
            anyWaiting = false;
        }
        all.forEach(call -> call.goOn(false));
    }
}
