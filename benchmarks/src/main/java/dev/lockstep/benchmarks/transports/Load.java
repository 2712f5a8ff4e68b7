package dev.lockstep.benchmarks.transports;

/** So many callers, each with one put under way, whose puts go to so many groups at random. */
record Load(int callers, int groups) {

    @Override
    public String toString() {
        return callers + (callers == 1 ? " caller, " : " callers, ") + groups + (groups == 1 ? " group" : " groups");
    }
}
