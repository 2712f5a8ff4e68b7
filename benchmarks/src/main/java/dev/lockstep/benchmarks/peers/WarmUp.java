package dev.lockstep.benchmarks.peers;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The rule by which a deployment counts as warm: its rate is flat, that is, the last {@value #WINDOWS} windows lie within {@value
 * #PERCENT} % of the fastest of them. A window's rate is the geometric mean of the rates of all simple operations in it. Not
 * thread-safe.
 */
final class WarmUp {

    private static final int WINDOWS = 3;
    private static final int PERCENT = 5;

    private final List<Double> windows = new ArrayList<>();

    /** @param rates of the window's loads, at least one, each above 0 */
    void add(List<Double> rates) {
        windows.add(Math.exp(rates.stream().mapToDouble(Math::log).average().orElseThrow()));
    }

    boolean isFlat() {
        if (windows.size() < WINDOWS) {
            return false;
        }
        List<Double> last = windows.subList(windows.size() - WINDOWS, windows.size());
        double fastest = Collections.max(last);
        return fastest - Collections.min(last) <= fastest * PERCENT / 100;
    }
}
