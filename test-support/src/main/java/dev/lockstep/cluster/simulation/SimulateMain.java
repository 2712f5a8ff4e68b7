package dev.lockstep.cluster.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs one schedule, or cell of the matrix of moves, and tells all that happens, or many and tells what goes wrong. */
@Command(
        name = "./lockstep-test simulate",
        description = "Simulates clusters, each schedule from its seed.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class SimulateMain implements Callable<Integer> {

    private static final Path FAILED = Path.of("target", "simulation", "failed-seeds.txt");
    private static final long STATUS_MILLIS = 5_000;

    @ArgGroup(multiplicity = "1")
    private What what;

    @Option(
            names = "--from",
            description = "with --seeds: the first seed; with --matrix and --cell: the seed (${DEFAULT-VALUE})",
            paramLabel = "SEED")
    private long from;

    @Option(
            names = "--threads",
            description =
                    "with --seeds and --matrix: schedules that run at the same time (as many as there are processors)",
            paramLabel = "N")
    private int threads = Runtime.getRuntime().availableProcessors();

    private static final class What {
        @Option(names = "--seeds", required = true, description = "so many schedules", paramLabel = "N")
        private long seeds;

        @Option(names = "--seed", required = true, description = "this one, with its trace", paramLabel = "SEED")
        private Long seed;

        @Option(
                names = "--matrix",
                required = true,
                description = "every step of a change of the layout, with every fault there")
        private boolean matrix;

        @Option(
                names = "--cell",
                required = true,
                description = "this one of them, with its trace",
                paramLabel = "CELL")
        private String cell;
    }

    private SimulateMain() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new SimulateMain()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        if (what.matrix) {
            return matrix();
        } else if (what.cell != null) {
            return cell(MoveMatrix.Cell.of(what.cell));
        }
        return what.seed == null ? many() : one(what.seed);
    }

    private int matrix() throws InterruptedException, ExecutionException {
        List<MoveMatrix.Fate> fates = new MoveMatrix(from).run(MoveMatrix.cells(), threads);
        List<MoveMatrix.Fate> failed =
                fates.stream().filter(fate -> !fate.failures().isEmpty()).toList();
        failed.forEach(fate -> System.out.println(
                fate.cell() + ": " + fate.failures().get(0).lines().findFirst().orElse("")));
        fates.stream()
                .max(Comparator.comparingLong(MoveMatrix.Fate::lateNanos))
                .ifPresent(fate -> System.out.printf(
                        "Longest from the end of the fault until the change had come about: %,d ms, %s%n",
                        TimeUnit.NANOSECONDS.toMillis(fate.lateNanos()), fate.cell()));
        System.out.println("cells=" + fates.size() + " failed=" + failed.size());
        return failed.isEmpty() ? 0 : 1;
    }

    private int cell(MoveMatrix.Cell cell) {
        MoveMatrix.Fate fate = new MoveMatrix(from).run(cell, System.out::println);
        fate.failures().forEach(System.out::println);
        return fate.failures().isEmpty() ? 0 : 1;
    }

    private static int one(long seed) {
        Run.Result result = new Run(seed, Scenario.of(seed), System.out::println).result();
        result.failures().forEach(System.out::println);
        System.out.printf("hash=%016x%n", result.hash());
        return result.isClean() ? 0 : 1;
    }

    private int many() throws InterruptedException {
        Schedules schedules = new Schedules();
        long began = System.nanoTime();
        Thread status = new Thread(() -> tell(schedules, began), "status");
        status.setDaemon(true);
        status.start();
        schedules.run(from, from + what.seeds, threads, SimulateMain::save);
        System.out.println(line(schedules, began));
        for (Run.Result failed : schedules.failures()) {
            Run.Result smallest = Schedules.smallest(failed);
            System.out.println("seed " + failed.seed() + " fails; so does the smaller " + smallest.scenario() + ":");
            smallest.failures().forEach(System.out::println);
        }
        return schedules.failures().isEmpty() ? 0 : 1;
    }

    private void tell(Schedules schedules, long began) {
        try {
            while (true) {
                Thread.sleep(STATUS_MILLIS);
                System.out.println(line(schedules, began));
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private String line(Schedules schedules, long began) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
        return "%,d of %,d schedules, %,d operations, %,d events, %,d s, failed=%d"
                .formatted(
                        schedules.done(),
                        what.seeds,
                        schedules.calls(),
                        schedules.events(),
                        seconds,
                        schedules.failures().size());
    }

    private static void save(Run.Result failed) {
        System.out.println("seed " + failed.seed() + " fails: "
                + failed.failures().get(0).lines().findFirst().orElse(""));
        try {
            Files.createDirectories(FAILED.getParent());
            Files.writeString(
                    FAILED,
                    failed.seed() + System.lineSeparator(),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            System.out.println("  kept in " + FAILED + "; to see it: ./lockstep-test simulate --seed " + failed.seed());
        } catch (IOException failure) {
            System.out.println("  and can't be kept in " + FAILED + ": " + failure);
        }
    }
}
