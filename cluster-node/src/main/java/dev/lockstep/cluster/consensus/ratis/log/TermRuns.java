package dev.lockstep.cluster.consensus.ratis.log;

import java.util.Arrays;

/**
 * The terms of a log's entries, as runs of consecutive entries of one term: a few numbers for a log of any length.
 * Immutable.
 */
final class TermRuns {

    /** The terms of a log without entries. */
    static final TermRuns NONE = new TermRuns(new long[0], new long[0]);

    private static final long NO_TERM = -1;

    private final long[] starts;
    private final long[] terms;

    private TermRuns(long[] starts, long[] terms) {
        this.starts = starts;
        this.terms = terms;
    }

    /** The term of the entry at {@code index}; of the last run, if the log ends before it; -1 before the first run. */
    long termAt(long index) {
        for (int i = starts.length - 1; i >= 0; i--) {
            if (starts[i] <= index) {
                return terms[i];
            }
        }
        return NO_TERM;
    }

    /** Returns the runs with one more entry at the end. */
    TermRuns append(long index, long term) {
        int runs = starts.length;
        if (runs > 0 && terms[runs - 1] == term) {
            return this;
        }
        long[] moreStarts = Arrays.copyOf(starts, runs + 1);
        long[] moreTerms = Arrays.copyOf(terms, runs + 1);
        moreStarts[runs] = index;
        moreTerms[runs] = term;
        return new TermRuns(moreStarts, moreTerms);
    }

    /** Returns the runs without the entries from {@code index} on. */
    TermRuns truncate(long index) {
        int runs = 0;
        while (runs < starts.length && starts[runs] < index) {
            runs++;
        }
        return runs == starts.length ? this : new TermRuns(Arrays.copyOf(starts, runs), Arrays.copyOf(terms, runs));
    }

    /** Returns the runs but for those that end before {@code first}. */
    TermRuns purge(long first) {
        int gone = 0;
        while (gone + 1 < starts.length && starts[gone + 1] <= first) {
            gone++;
        }
        return gone == 0
                ? this
                : new TermRuns(
                        Arrays.copyOfRange(starts, gone, starts.length), Arrays.copyOfRange(terms, gone, terms.length));
    }
}
