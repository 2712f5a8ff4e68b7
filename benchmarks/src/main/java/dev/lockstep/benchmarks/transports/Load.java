package dev.lockstep.benchmarks.transports;

/** A number of callers, each with one put in flight, whose puts go to a number of groups at random. */
record Load(int callers, int groups) {

    @Override
    public String toString() {
        return callers + (callers == 1 ? " caller, " : " callers, ") + groups + (groups == 1 ? " group" : " groups");
    }
}
