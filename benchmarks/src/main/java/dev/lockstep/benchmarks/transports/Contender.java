package dev.lockstep.benchmarks.transports;

import java.io.IOException;
import java.time.Duration;

/** A contender of the comparison: JVMs of its own, under load when it is told to be. */
interface Contender extends AutoCloseable {

    String name();

    /** Puts a load on it and waits until it has ended. */
    Figures put(Load load, int seconds) throws IOException, InterruptedException;

    /** CPU time of all its JVMs so far. */
    Duration cpu();

    /** Flushes of the device that its logs are on, so far, by all processes; 0 if none can be counted. */
    default long flushes() throws IOException {
        return 0;
    }

    /** Ends its JVMs. */
    @Override
    void close();

    /** Measures {@link #put} together with what it cost. */
    default Measured measure(Load load, int seconds) throws IOException, InterruptedException {
        Duration cpu = cpu();
        long flushes = flushes();
        long began = System.nanoTime();
        Figures figures = put(load, seconds);
        double elapsed = (System.nanoTime() - began) / 1e9;
        return new Measured(figures, cpu().minus(cpu).toNanos() / 1e9, elapsed, (flushes() - flushes) / elapsed);
    }
}
