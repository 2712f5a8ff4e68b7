package dev.lockstep.benchmarks;

import java.util.Locale;

/**
 * A goal, and the figure that was reached.
 *
 * @param ratio ours for each of the peer's
 * @param atMost whether the median may not be higher than the bound; else it may not be lower
 */
public record Goal(String what, Spread ratio, boolean atMost, double bound) {

    public static Goal atMost(double bound, String what, Spread ratio) {
        return new Goal(what, ratio, true, bound);
    }

    public static Goal atLeast(double bound, String what, Spread ratio) {
        return new Goal(what, ratio, false, bound);
    }

    public boolean isMet() {
        return atMost ? ratio.median() <= bound : ratio.median() >= bound;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "goal %s: %s, %s %s: %s",
                what,
                ratio.text("%.2f"),
                atMost ? "at most" : "at least",
                bound,
                isMet() ? "met" : "not met");
    }
}
