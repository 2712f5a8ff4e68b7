package dev.lockstep.benchmarks.process;

import java.util.Locale;

/** Tells how far a long run has come, with the seconds since its start. */
public final class Progress {

    private static final long BEGAN = System.nanoTime();

    private Progress() {}

    public static void tell(String what) {
        System.out.printf(Locale.ROOT, "%4d s  %s%n", (System.nanoTime() - BEGAN) / 1_000_000_000, what);
    }
}
