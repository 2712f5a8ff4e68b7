package dev.lockstep.protocol.runtime;

/** The machine's clocks. */
enum SystemTime implements Time {
    INSTANCE;

    @Override
    public long millis() {
        return System.currentTimeMillis();
    }

    @Override
    public long nanos() {
        return System.nanoTime();
    }
}
