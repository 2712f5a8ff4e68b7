package dev.lockstep.system.chaos;

import dev.lockstep.cluster.history.Outcome;
import dev.lockstep.system.load.CallListener;
import dev.lockstep.system.load.RecordedLoad;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The results of a chaos run so far. Thread-safe. */
final class Tally implements CallListener {

    private static final int MAX_ODD = 20;

    /** The longest call of each kind, and the longest time without any acknowledgement, in milliseconds. */
    private static final class Longest {

        private final Map<String, Long> calls = new TreeMap<>();
        private long gap;

        private void called(String kind, long millis) {
            calls.merge(kind, millis, Math::max);
        }

        private void add(Longest other) {
            other.calls.forEach(this::called);
            gap = Math.max(gap, other.gap);
        }

        private long call() {
            return calls.values().stream().mapToLong(millis -> millis).max().orElse(0);
        }
    }

    private long acknowledged;
    private long failed;
    private long unknown;
    private long rounds;
    private long leaderChanges;
    private long violations;
    private long undecided;
    private long fewestAcknowledged = Long.MAX_VALUE;
    private long longestRecoveryMillis;
    private long lastAcknowledged;
    private Longest thisRound = new Longest();
    private final Longest withMajority = new Longest();
    private final Longest withoutMajority = new Longest();
    /** The longest call by the faults of a round, in the order in which they came. */
    private final Map<String, Long> longestCallByFaults = new TreeMap<>();

    private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
    private final Map<String, Integer> odd = new TreeMap<>();

    @Override
    public synchronized void answered(Answer answer) {
        Outcome outcome = answer.outcome();
        thisRound.called(answer.kind(), TimeUnit.NANOSECONDS.toMillis(answer.endedNanos() - answer.beganNanos()));
        if (outcome == Outcome.FAILED) {
            failed++;
        } else if (outcome == Outcome.UNKNOWN) {
            unknown++;
        } else {
            acknowledged++;
            long gap = lastAcknowledged == 0 ? 0 : answer.endedNanos() - lastAcknowledged;
            thisRound.gap = Math.max(thisRound.gap, TimeUnit.NANOSECONDS.toMillis(gap));
            lastAcknowledged = answer.endedNanos();
        }
    }

    @Override
    public synchronized void odd(RuntimeException failure) {
        if (odd.size() < MAX_ODD || odd.containsKey(failure.toString())) {
            odd.merge(failure.toString(), 1, Integer::sum);
        }
    }

    synchronized void harmed(Fault fault) {
        faults.merge(fault, 1, Integer::sum);
    }

    synchronized void judged(RecordedLoad.Judgement judgement) {
        violations += judgement.wrong();
        undecided += judgement.undecided();
    }

    /**
     * @param inIt the faults of the round
     * @param majority whether a majority of nodes was reachable throughout
     */
    synchronized void roundEnded(
            long acknowledgedInIt, long leadersChanged, long recoveryMillis, List<Fault> inIt, boolean majority) {
        rounds++;
        lastAcknowledged = 0;
        (majority ? withMajority : withoutMajority).add(thisRound);
        if (majority) {
            String names = inIt.stream().map(Fault::name).collect(Collectors.joining("+"));
            longestCallByFaults.merge(names, thisRound.call(), Math::max);
        }
        thisRound = new Longest();
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

    /** Tells whether everything was judged and found right. */
    synchronized boolean isClean() {
        return violations == 0 && undecided == 0 && odd.isEmpty();
    }

    @Override
    public synchronized String toString() {
        return ("rounds=%d operations=%d acknowledged=%d failed=%d outcome-unknown=%d fewest-acknowledged=%d leader-changes=%d"
                        + " longest-recovery-ms=%d longest-gap-ms=%d longest-call-ms=%d %s by-faults=%s"
                        + " without-majority: longest-gap-ms=%d longest-call-ms=%d faults=%s odd=%s violations=%d undecided=%d")
                .formatted(
                        rounds,
                        acknowledged + failed + unknown,
                        acknowledged,
                        failed,
                        unknown,
                        rounds == 0 ? 0 : fewestAcknowledged,
                        leaderChanges,
                        longestRecoveryMillis,
                        withMajority.gap,
                        withMajority.call(),
                        withMajority.calls,
                        longestCallByFaults,
                        withoutMajority.gap,
                        withoutMajority.call(),
                        faults,
                        odd,
                        violations,
                        undecided);
    }
}
