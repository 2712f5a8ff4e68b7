package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Spread;
import java.util.Locale;

/**
 * A goal, and the figure that was reached.
 *
 * @param ratio ours for each of the peer's
 * @param atMost whether the median may not be higher than the bound; else it may not be lower
 */
record Goal(String what, Spread ratio, boolean atMost, double bound) {

    static Goal atMost(double bound, String what, Spread ratio) {
        return new Goal(what, ratio, true, bound);
    }

    static Goal atLeast(double bound, String what, Spread ratio) {
        return new Goal(what, ratio, false, bound);
    }

    boolean isMet() {
        return atMost ? ratio.median() <= bound : ratio.median() >= bound;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "goal %s: %s, %s %.1f: %s",
                what,
                ratio.text("%.2f"),
                atMost ? "at most" : "at least",
                bound,
                isMet() ? "met" : "not met");
    }
}
