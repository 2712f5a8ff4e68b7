package dev.lockstep.cluster.history;

import dev.lockstep.cluster.history.Search.End;
import dev.lockstep.cluster.history.Verdict.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Judges histories: each key by itself, first whether its operations are linearizable, session reads left out, then whether
 * there is a linearization in which no session goes back. Pure.
 *
 * <p>Session reads are not judged by one order of the values, such as the first linearization that is found: where writes
 * overlap there are several, the clients can't know which one the cluster chose, and JCache tells them no versions. A session
 * is at fault only if it goes back in all of them; so the reads take part in the search.
 */
public final class Checker {

    /** Enough for a round of {@link History#MAX_CALLS} calls. */
    public static final long DEFAULT_BUDGET = 300_000;

    /** A violation is shortened by leaving out this many reads at most. */
    private static final int MAX_TRIALS = 150;

    private final long budget;

    public Checker() {
        this(DEFAULT_BUDGET);
    }

    /** @param budget steps, for each key and rule; a step needs some hundred bytes */
    public Checker(long budget) {
        this.budget = budget;
    }

    /** Judges all keys by all rules. */
    public Report check(History history) {
        List<Verdict> verdicts = new ArrayList<>();
        history.byKey()
                .forEach((key, calls) ->
                        verdicts.add(judge(key, calls, history.vanishing().get(key))));
        return new Report(history.calls().size(), verdicts);
    }

    private Verdict judge(String key, List<Call> calls, @Nullable Long vanishAfter) {
        Verdict strong = judge(key, withoutSessionReads(calls), vanishAfter, Rule.LINEARIZABLE);
        boolean both = strong instanceof Verdict.Ok && calls.stream().anyMatch(Call::isSessionRead);
        return both ? judge(key, calls, vanishAfter, Rule.SESSION) : strong;
    }

    private static List<Call> withoutSessionReads(List<Call> calls) {
        return calls.stream().filter(call -> !call.isSessionRead()).toList();
    }

    private Verdict judge(String key, List<Call> calls, @Nullable Long vanishAfter, Rule rule) {
        Search search = new Search(calls, vanishAfter, budget, true);
        return switch (search.run()) {
            case FOUND -> new Verdict.Ok(key, search.order());
            case GIVEN_UP -> new Verdict.Unknown(key, rule, search.steps());
            case IMPOSSIBLE -> {
                List<Call> wrong = shortened(calls, vanishAfter);
                yield new Verdict.Violation(key, rule, wrong, explained(key, rule, wrong, vanishAfter));
            }
        };
    }

    private boolean isImpossible(List<Call> calls, @Nullable Long vanishAfter) {
        return new Search(calls, vanishAfter, budget, true).run() == End.IMPOSSIBLE;
    }

    /** Shortens a violation to the first response that makes it one, without the reads that are not needed for that. */
    private List<Call> shortened(List<Call> calls, @Nullable Long vanishAfter) {
        List<Long> ends = calls.stream()
                .filter(Call::isAcknowledged)
                .map(Call::responded)
                .sorted()
                .distinct()
                .toList();
        int fine = -1;
        int wrong = ends.size() - 1;
        while (wrong - fine > 1) {
            int middle = (fine + wrong) >>> 1;
            if (isImpossible(until(calls, ends.get(middle)), vanishAfter)) {
                wrong = middle;
            } else {
                fine = middle;
            }
        }
        List<Call> shorter = until(calls, ends.get(wrong));
        int trials = 0;
        for (int i = shorter.size() - 1; i >= 0 && trials < MAX_TRIALS; i--) {
            if (isDispensable(shorter.get(i))) {
                List<Call> without = new ArrayList<>(shorter);
                without.remove(i);
                trials++;
                if (isImpossible(without, vanishAfter)) {
                    shorter = without;
                }
            }
        }
        return shorter;
    }

    /** Calls without which what happened can still have happened: those that certainly changed nothing. */
    private static boolean isDispensable(Call call) {
        if (call.operation() instanceof Operation.CompareAndSet compare
                && call.outcome() instanceof Outcome.Value seen) {
            return !Objects.equals(seen.value(), compare.expected());
        }
        boolean refused = call.outcome() instanceof Outcome.Flag flag && !flag.value();
        return refused || call.outcome() == Outcome.FAILED || call.operation().isRead();
    }

    /** Cuts a history off at a time. */
    private static List<Call> until(List<Call> calls, long time) {
        return calls.stream()
                .filter(call -> call.invoked() <= time)
                .map(call -> call.isAcknowledged() && call.responded() > time ? call.unknown() : call)
                .toList();
    }

    private String explained(String key, Rule rule, List<Call> calls, @Nullable Long vanishAfter) {
        Search search = new Search(calls, vanishAfter, budget, false);
        search.run();
        return Explanation.of(key, rule, calls, search.best());
    }
}
