package dev.lockstep.cluster.history;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A checker's report on a history. Immutable.
 *
 * @param calls how many were judged
 * @param verdicts one for each key
 */
public record Report(int calls, List<Verdict> verdicts) {

    public Report {
        verdicts = List.copyOf(verdicts);
    }

    public List<Verdict.Violation> violations() {
        return verdicts.stream()
                .filter(Verdict.Violation.class::isInstance)
                .map(Verdict.Violation.class::cast)
                .toList();
    }

    /** Keys of which it was not found out: no pass. */
    public List<Verdict.Unknown> unknown() {
        return verdicts.stream()
                .filter(Verdict.Unknown.class::isInstance)
                .map(Verdict.Unknown.class::cast)
                .toList();
    }

    /** Tells whether everything was judged and nothing is wrong. */
    public boolean isClean() {
        return verdicts.stream().allMatch(Verdict.Ok.class::isInstance);
    }

    /** One line of numbers, and what is wrong. */
    @Override
    public String toString() {
        String sum = "calls=%d keys=%d violations=%d unknown=%d\n"
                .formatted(
                        calls, verdicts.size(), violations().size(), unknown().size());
        return verdicts.stream()
                .filter(verdict -> !(verdict instanceof Verdict.Ok))
                .map(Verdict::toString)
                .collect(Collectors.joining("\n", sum, ""));
    }
}
