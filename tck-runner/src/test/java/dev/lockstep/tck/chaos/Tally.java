package dev.lockstep.tck.chaos;

import dev.lockstep.cluster.history.Outcome;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** What a run of chaos did so far. Thread-safe. */
final class Tally {

    private static final int MAX_ODD = 20;

    private long acknowledged;
    private long failed;
    private long unknown;
    private long rounds;
    private long leaderChanges;
    private long violations;
    private long undecided;
    private long fewestAcknowledged = Long.MAX_VALUE;
    private long longestRecoveryMillis;
    private long longestGapMillis;
    private long lastAcknowledged;
    private final Map<String, Long> longestCalls = new TreeMap<>();
    private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
    private final Map<String, Integer> odd = new TreeMap<>();

    /**
     * A client was told what became of a call.
     *
     * @param kind of call
     */
    synchronized void called(String kind, Outcome outcome, long beganNanos, long endedNanos) {
        longestCalls.merge(kind, TimeUnit.NANOSECONDS.toMillis(endedNanos - beganNanos), Math::max);
        if (outcome == Outcome.FAILED) {
            failed++;
        } else if (outcome == Outcome.UNKNOWN) {
            unknown++;
        } else {
            acknowledged++;
            long gap = lastAcknowledged == 0 ? 0 : endedNanos - lastAcknowledged;
            longestGapMillis = Math.max(longestGapMillis, TimeUnit.NANOSECONDS.toMillis(gap));
            lastAcknowledged = endedNanos;
        }
    }

    /** An exception that no client should see. */
    synchronized void odd(RuntimeException failure) {
        if (odd.size() < MAX_ODD || odd.containsKey(failure.toString())) {
            odd.merge(failure.toString(), 1, Integer::sum);
        }
    }

    synchronized void harmed(Fault fault) {
        faults.merge(fault, 1, Integer::sum);
    }

    synchronized void judged(int wrong, int notDecided) {
        violations += wrong;
        undecided += notDecided;
    }

    synchronized void roundEnded(long acknowledgedInIt, long leadersChanged, long recoveryMillis) {
        rounds++;
        lastAcknowledged = 0;
        leaderChanges += leadersChanged;
        fewestAcknowledged = Math.min(fewestAcknowledged, acknowledgedInIt);
        longestRecoveryMillis = Math.max(longestRecoveryMillis, recoveryMillis);
    }

    synchronized long acknowledged() {
        return acknowledged;
    }

    synchronized long unknown() {
        return unknown;
    }

    synchronized long leaderChanges() {
        return leaderChanges;
    }

    /** The fewest operations that were acknowledged in any round. */
    synchronized long fewestAcknowledged() {
        return fewestAcknowledged;
    }

    synchronized Map<Fault, Integer> faults() {
        return Map.copyOf(faults);
    }

    synchronized Map<String, Integer> odd() {
        return Map.copyOf(odd);
    }

    /** Whether everything was judged and found right. */
    synchronized boolean isClean() {
        return violations == 0 && undecided == 0 && odd.isEmpty();
    }

    @Override
    public synchronized String toString() {
        return ("rounds=%d operations=%d acknowledged=%d failed=%d outcome-unknown=%d fewest-acknowledged=%d leader-changes=%d"
                        + " longest-recovery-ms=%d longest-gap-ms=%d longest-call-ms=%s faults=%s odd=%s violations=%d undecided=%d")
                .formatted(
                        rounds,
                        acknowledged + failed + unknown,
                        acknowledged,
                        failed,
                        unknown,
                        rounds == 0 ? 0 : fewestAcknowledged,
                        leaderChanges,
                        longestRecoveryMillis,
                        longestGapMillis,
                        longestCalls,
                        faults,
                        odd,
                        violations,
                        undecided);
    }
}
