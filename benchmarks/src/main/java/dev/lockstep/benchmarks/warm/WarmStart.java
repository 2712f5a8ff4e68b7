package dev.lockstep.benchmarks.warm;

import dev.lockstep.benchmarks.Entries;
import dev.lockstep.benchmarks.Spread;
import dev.lockstep.benchmarks.Workload;
import dev.lockstep.benchmarks.process.Progress;
import dev.lockstep.benchmarks.process.Scratch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Measures the time and the CPU from the start of three nodes of the archive to nine tenths of the puts a second that they come to
 * without what a first start records (classes, and from JDK 25 on hot methods), with it and without. Arguments: a folder on disk, the
 * archive, and {@code --quick} for one round in place of three; then homes of JDKs, that of this JVM if there is none.
 */
final class WarmStart {

    private static final int CALLERS = 16;
    private static final int ENTRIES = 10_000;
    private static final int LOAD_SECONDS = 90;
    private static final int EARLY_SECONDS = 10;
    private static final int ROUNDS = 3;

    private final Path disk;
    private int clusters;

    /** Nodes of one JDK and one unpacked archive, and what their loads were like. */
    private record Variant(Path jdk, String name, Path archive, List<Run> runs) {}

    /** The same JDK with and without what a first start records. */
    private record Pair(Variant without, Variant with) {

        List<Variant> both() {
            return List.of(without, with);
        }
    }

    /** A load, and the time and CPU until the nodes were ready for it. */
    private record Run(Duration ready, Duration readyCpu, List<Second> load) {

        double steadyRate() {
            return Second.steadyRate(load);
        }
    }

    private WarmStart(Path disk) {
        this.disk = disk;
    }

    public static void main(String[] arguments) throws Exception {
        List<String> options = new ArrayList<>(List.of(arguments).subList(2, arguments.length));
        int rounds = options.remove("--quick") ? 1 : ROUNDS;
        List<Path> jdks = new ArrayList<>();
        for (String option : options.isEmpty() ? List.of(System.getProperty("java.home")) : options) {
            if (!Files.isExecutable(Path.of(option, "bin", "java"))) {
                System.err.println(
                        "lockstep-bench: warm takes --quick and homes of JDKs, and there is no JDK in " + option);
                System.exit(2);
            }
            jdks.add(Path.of(option).toRealPath());
        }
        Path disk = new Scratch(Path.of(arguments[0])).storages().get(0).folder();
        new WarmStart(disk).measure(jdks, Path.of(arguments[1]), rounds);
    }

    private void measure(List<Path> jdks, Path archive, int rounds) throws Exception {
        List<Pair> pairs = new ArrayList<>();
        for (Path jdk : jdks) {
            pairs.add(new Pair(
                    variant(jdk, "without", unpack(archive, pairs.size() + "-without")),
                    variant(jdk, "with", unpack(archive, pairs.size() + "-with"))));
        }
        for (Pair pair : pairs) {
            // A start where nothing can be recorded does without.
            Files.delete(pair.without().archive().resolve("cache"));
            Progress.tell("recording: " + pair.with().name());
            start(pair.with()).close();
        }
        Progress.tell("warming up the client");
        run(pairs.get(0).without());
        for (int round = 1; round <= rounds; round++) {
            for (Pair pair : pairs) {
                for (Variant variant : pair.both()) {
                    Run run = run(variant);
                    variant.runs().add(run);
                    Progress.tell(String.format(
                            Locale.ROOT,
                            "round %d of %d, %s: ready after %.1f s, at last %.0f puts a second",
                            round,
                            rounds,
                            variant.name(),
                            seconds(run.ready()),
                            run.steadyRate()));
                }
            }
        }
        print(pairs);
    }

    private static Variant variant(Path jdk, String with, Path archive) {
        return new Variant(jdk, jdk.getFileName() + " " + with, archive, new ArrayList<>());
    }

    private Path unpack(Path archive, String name) throws IOException, InterruptedException {
        Path folder = Files.createDirectories(disk.resolve(name));
        Process tar = new ProcessBuilder(
                        "tar", "xzf", archive.toString(), "-C", folder.toString(), "--strip-components=1")
                .inheritIO()
                .start();
        if (tar.waitFor() != 0) {
            throw new IOException("The archive " + archive + " could not be unpacked");
        }
        return folder;
    }

    private ArchivedCluster start(Variant variant) throws IOException {
        return new ArchivedCluster(variant.archive(), disk.resolve("cluster-" + ++clusters), variant.jdk());
    }

    private Run run(Variant variant) throws Exception {
        try (ArchivedCluster cluster = start(variant)) {
            Duration ready = cluster.since();
            Duration readyCpu = cluster.cpu();
            Entries entries = Entries.create(cluster.open());
            Workload puts = new Workload(
                    "puts", CALLERS, number -> entries.put(number % ENTRIES).join());
            List<Second> load = new ArrayList<>();
            for (int second = 0; second < LOAD_SECONDS; second++) {
                double rate = puts.run(1).rate();
                load.add(new Second(rate, cluster.since(), cluster.cpu()));
            }
            return new Run(ready, readyCpu, load);
        }
    }

    private static void print(List<Pair> pairs) {
        String row = "%-36s %-16s %-16s %-18s %-18s %-24s %s%n";
        System.out.printf(
                "%nThree nodes, %d callers that put for %d s; seconds and CPU since the start, median [lowest-highest].%n"
                        + "Warm: nine tenths of the puts a second that the same JDK comes to without recording.%n",
                CALLERS, LOAD_SECONDS);
        System.out.printf(
                row, "recording", "ready", "CPU", "warm", "CPU", "puts in " + EARLY_SECONDS + " s", "puts/s at last");
        for (Pair pair : pairs) {
            double steady = spread(pair.without(), Run::steadyRate).median();
            for (Variant variant : pair.both()) {
                System.out.printf(
                        row,
                        variant.name(),
                        spread(variant, run -> seconds(run.ready())).text("%.1f"),
                        spread(variant, run -> seconds(run.readyCpu())).text("%.1f"),
                        spread(variant, run -> seconds(warm(run, steady).end())).text("%.1f"),
                        spread(variant, run -> seconds(warm(run, steady).cpu())).text("%.1f"),
                        spread(variant, WarmStart::early).text("%.0f"),
                        spread(variant, Run::steadyRate).text("%.0f"));
            }
        }
    }

    private static Second warm(Run run, double steadyRate) {
        return Second.nearly(steadyRate, run.load());
    }

    private static double early(Run run) {
        return run.load().subList(0, EARLY_SECONDS).stream()
                .mapToDouble(Second::rate)
                .sum();
    }

    private static double seconds(Duration time) {
        return time.toMillis() / (double) TimeUnit.SECONDS.toMillis(1);
    }

    private static Spread spread(Variant variant, ToDoubleFunction<Run> figure) {
        return Spread.of(variant.runs().stream().mapToDouble(figure).toArray());
    }
}
