package dev.lockstep.cluster.simulation;

import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Runs schedules: {@code --seed N} one with its trace, {@code --seeds N [--from N]} many. */
public final class Simulate {

    private Simulate() {}

    /** What the first of so many schedules that goes wrong says, in a line; null if none does. */
    public static @Nullable String firstFailure(int schedules) {
        for (long seed = 0; seed < schedules; seed++) {
            Run.Result result = new Run(seed, Scenario.of(seed), null).result();
            if (!result.isClean()) {
                return "seed " + seed + ": "
                        + result.failures()
                                .get(0)
                                .lines()
                                .limit(2)
                                .collect(Collectors.joining(" "))
                                .strip();
            }
        }
        return null;
    }

    public static void main(String[] arguments) {
        if (arguments[0].equals("--seed")) {
            long seed = Long.parseLong(arguments[1]);
            Run.Result result = new Run(seed, Scenario.of(seed), System.out::println).result();
            result.failures().forEach(System.out::println);
            System.out.printf("hash=%016x%n", result.hash());
            return;
        }
        long seeds = Long.parseLong(arguments[1]);
        long began = System.nanoTime();
        long events = 0;
        int bad = 0;
        for (long seed = 0; seed < seeds; seed++) {
            Run.Result result = new Run(seed, Scenario.of(seed), null).result();
            events += result.events();
            if (!result.isClean()) {
                bad++;
                System.out.println("seed " + seed + ": " + result.failures().get(0));
            }
        }
        System.out.println(seeds + " schedules, " + bad + " bad, " + events + " events, "
                + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began) + " ms");
    }
}
