package dev.lockstep.benchmarks.peers;

/**
 * An operation by a number of callers.
 *
 * @param rate operations a second of all callers together, each at its intended time; 0: as many as possible
 */
record Load(Operation operation, int callers, int rate) {

    static Load closed(Operation operation, int callers) {
        return new Load(operation, callers, 0);
    }

    boolean isOpen() {
        return rate > 0;
    }

    @Override
    public String toString() {
        return operation + "@" + callers + (isOpen() ? ", " + rate + "/s" : "");
    }
}
