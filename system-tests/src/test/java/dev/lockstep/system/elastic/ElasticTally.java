package dev.lockstep.system.elastic;

import dev.lockstep.cluster.history.Outcome;
import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.system.load.CallListener;
import dev.lockstep.system.load.RecordedLoad;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The results of a run so far. Thread-safe. */
final class ElasticTally implements CallListener {

    private final Consumer<String> out;
    private long calls;
    private long writes;
    private long failed;
    private long givenUp;
    private long odd;
    private long longestMillis;
    private long lost;
    private long wrong;
    private long undecided;
    private long moves;
    private long interrupted;
    private long phases;

    /** @param out takes what is wrong */
    ElasticTally(Consumer<String> out) {
        this.out = out;
    }

    @Override
    public synchronized void answered(Answer answer) {
        calls++;
        boolean refused = answer.outcome() == Outcome.FAILED || answer.outcome() == Outcome.UNKNOWN;
        long millis = TimeUnit.NANOSECONDS.toMillis(answer.endedNanos() - answer.beganNanos());
        if (answer.patient()) {
            longestMillis = Math.max(longestMillis, millis);
        }
        if (refused && answer.patient()) {
            failed++;
            out.accept(answer.kind() + " failed after " + millis + " ms: " + answer.refusal());
        } else if (refused) {
            givenUp++;
        }
    }

    @Override
    public synchronized void odd(RuntimeException failure) {
        odd++;
        out.accept("an exception that no client should see: " + failure);
    }

    /** Takes the exception with which a patient writer's write has ended. */
    synchronized void refused(LockstepCacheException refusal) {
        failed++;
        out.accept("a write failed: " + refusal);
    }

    /**
     * Takes the comparison of what is there with what was acknowledged.
     *
     * @param acknowledged number of writes so far
     * @param missing a line for each key
     */
    synchronized void compared(long acknowledged, List<String> missing) {
        writes = acknowledged;
        lost += missing.size();
        missing.forEach(line -> out.accept("lost: " + line));
    }

    synchronized void judged(RecordedLoad.Judgement judgement) {
        wrong += judgement.wrong();
        undecided += judgement.undecided();
    }

    /** @param replicas number of replicas that other nodes host than before */
    synchronized void moved(int replicas) {
        moves += replicas;
    }

    /** A node was killed while groups were being moved. */
    synchronized void interrupted() {
        interrupted++;
    }

    synchronized void phaseEnded() {
        phases++;
    }

    synchronized long moves() {
        return moves;
    }

    synchronized long interruptions() {
        return interrupted;
    }

    synchronized long operations() {
        return calls + writes;
    }

    /** Tells whether everything was served, judged and found right. */
    synchronized boolean isClean() {
        return failed == 0 && odd == 0 && lost == 0 && wrong == 0 && undecided == 0;
    }

    /** Returns what the last line does not say. */
    synchronized String details() {
        return "phases=%d interrupted=%d longest-call-ms=%d given-up-by-impatient=%d undecided=%d odd=%d"
                .formatted(phases, interrupted, longestMillis, givenUp, undecided, odd);
    }

    @Override
    public synchronized String toString() {
        return "moves=%d operations=%d failed=%d lost=%d violations=%d"
                .formatted(moves, calls + writes, failed, lost, wrong);
    }
}
