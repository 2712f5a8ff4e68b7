package dev.lockstep.cluster.readindex;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a read of one log linearizable: leadership is confirmed by a round, then everything is applied that was committed when
 * the read began. Thread-safe.
 */
public final class ReadBarrier {

    private static final long APPLY_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long RETRY_MILLIS = 10;

    private final String name;
    private final int group;
    private final ReplicatedLog<?, ?> log;
    private final ReadIndexRounds rounds;
    private final AppliedPositionWaiters waits;
    private final Time time;
    private volatile long confirmedNanos;
    private volatile boolean everConfirmed;

    /**
     * @param name of the group, for messages
     * @param waits for positions applied here
     */
    public ReadBarrier(
            String name,
            int group,
            ReplicatedLog<?, ?> log,
            ReadIndexRounds rounds,
            AppliedPositionWaiters waits,
            Time time) {
        this.name = name;
        this.group = group;
        this.log = log;
        this.rounds = rounds;
        this.waits = waits;
        this.time = time;
    }

    /** Runs one of both: {@code then} once what is here is current, or {@code refused}. */
    public void pass(Runnable then, Consumer<Reply> refused) {
        confirm(commitPosition -> awaitApplied(commitPosition, then, refused), refused);
    }

    /** Confirms leadership by a round; {@code then} takes the position up to which everything was committed before. */
    public void confirm(LongConsumer then, Consumer<Reply> refused) {
        Reply.Refused refusal = refusal();
        if (refusal != null) {
            refused.accept(refusal);
            return;
        }
        long began = time.nanos();
        rounds.confirm(group, log, new ReadIndexRounds.Reader() {
            @Override
            public void confirmed(long commitPosition) {
                noteConfirmed(began);
                then.accept(commitPosition);
            }

            @Override
            public void refused(Status why) {
                refused.accept(why == Status.BUSY ? busy("Too many reads wait for " + name) : elsewhere());
            }
        });
    }

    /** Waits until what was committed when leadership was confirmed is applied here. */
    public void awaitApplied(long commitPosition, Runnable then, Consumer<Reply> refused) {
        waits.await(commitPosition, APPLY_NANOS, applied -> {
            if (applied) {
                then.run();
            } else {
                refused.accept(busy(name + " has committed more than it has applied"));
            }
        });
    }

    private void noteConfirmed(long began) {
        if (!everConfirmed || began - confirmedNanos > 0) {
            confirmedNanos = began;
            everConfirmed = true;
        }
    }

    /** Nanoseconds since the start of the last round that confirmed this node's leadership; the maximum if none did. */
    public long sinceConfirmedNanos() {
        return everConfirmed ? time.nanos() - confirmedNanos : Long.MAX_VALUE;
    }

    /** The refusal of a replica that can't do what only a leader can; null when it can. */
    public Reply.@Nullable Refused refusal() {
        ReplicatedLog.Leadership leadership = log.leadership();
        if (!leadership.leads()) {
            return elsewhere();
        }
        return leadership.ready() ? null : busy("This node has just begun to lead " + name);
    }

    private static Reply.Refused busy(String message) {
        return new Reply.Refused(Status.BUSY, message, RETRY_MILLIS, null);
    }

    /** Sends a request on to the leader. */
    public Reply.Refused elsewhere() {
        ReplicatedLog.Leadership leadership = log.leadership();
        if (leadership.leader() == null || leadership.leads()) {
            return Reply.Refused.of(
                    Status.NO_LEADER, name + " has no leader at this moment, as far as this node knows");
        }
        return new Reply.Refused(Status.MOVED, name + " is led by node " + leadership.leader(), 0, leadership.leader());
    }
}
