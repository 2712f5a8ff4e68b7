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

    /** Ends its JVMs. */
    @Override
    void close();

    /** As {@link #put}, with what it cost. */
    default Measured measure(Load load, int seconds) throws IOException, InterruptedException {
        Duration cpu = cpu();
        long began = System.nanoTime();
        Figures figures = put(load, seconds);
        return new Measured(figures, cpu().minus(cpu).toNanos() / 1e9, (System.nanoTime() - began) / 1e9);
    }
}
