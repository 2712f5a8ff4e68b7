package dev.lockstep.benchmarks.alone;

import dev.lockstep.benchmarks.Spread;
import dev.lockstep.benchmarks.process.Child;
import dev.lockstep.benchmarks.process.Jvm;
import dev.lockstep.benchmarks.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Compares a cache in one JVM, the default of {@code Caching.getCachingProvider()}, with Caffeine's JCache, both by value, each in
 * a JVM of its own, in turns within each round. Arguments: the class path for Caffeine's JVM; a folder for what the JVMs log; and
 * {@code --quick} for a run of three minutes. The last line is the ratios of the rates, Lockstep's to Caffeine's,
 * for values that have to be copied.
 */
final class Alone {

    private static final List<String> VALUES = List.of("object", "text");
    private static final List<Load> LOADS = VALUES.stream()
            .flatMap(values -> Stream.of("put", "invoke", "get")
                    .flatMap(operation -> Stream.of(1, 16).map(callers -> new Load(values, operation, callers))))
            .toList();
    private static final Effort QUICK = new Effort(4, 3, 1);
    private static final Effort FULL = new Effort(15, 7, 3);

    private final List<Contender> contenders;
    private final Effort effort;

    /**
     * An operation, called by a number of threads at once.
     *
     * @param values text of 100 characters, which no provider has to copy, or serializable objects
     */
    private record Load(String values, String operation, int callers) {

        String name() {
            return operation + "@" + callers;
        }

        @Override
        public String toString() {
            return values + " " + name();
        }
    }

    /** @param warmUpSeconds of each load, before any is measured */
    private record Effort(int warmUpSeconds, int rounds, int seconds) {}

    /**
     * @param rate operations a second
     * @param cpu microseconds of an operation
     */
    private record Measured(double rate, double cpu) {}

    private record Contender(String name, Child child, Map<Load, List<Measured>> measured) {

        Measured run(Load load, int seconds) throws IOException {
            var before = child.cpu();
            String[] answer = child.ask(load.values() + " " + load.operation() + " " + load.callers() + " " + seconds)
                    .split(" ");
            double operations = Double.parseDouble(answer[0]);
            double cpuMicros = child.cpu().minus(before).toNanos() / 1e3;
            return new Measured(operations / Double.parseDouble(answer[1]) * 1e9, cpuMicros / operations);
        }

        void measure(Load load, int seconds) throws IOException {
            Measured one = run(load, seconds);
            measured.computeIfAbsent(load, none -> new ArrayList<>()).add(one);
        }

        List<Measured> of(Load load) {
            return Objects.requireNonNull(measured.get(load));
        }

        String text(Load load, ToDoubleFunction<Measured> figure, String format) {
            return Spread.of(of(load).stream().mapToDouble(figure).toArray()).text(format);
        }
    }

    private Alone(List<Contender> contenders, Effort effort) {
        this.contenders = contenders;
        this.effort = effort;
    }

    public static void main(String[] arguments) throws Exception {
        List<String> options = List.of(arguments).subList(2, arguments.length);
        if (!options.isEmpty() && !options.equals(List.of("--quick"))) {
            System.err.println("lockstep-bench: alone takes --quick or nothing, not " + options);
            System.exit(2);
        }
        Path logs = Files.createDirectories(Path.of(arguments[1]).resolve("alone"));
        Jvm caffeine = Jvm.likeNode(arguments[0]);
        try (Child ours = child(logs, Jvm.likeThis(), "dev.lockstep.jcache.spi.LockstepCachingProvider");
                Child peer = child(logs, caffeine, "com.github.benmanes.caffeine.jcache.spi.CaffeineCachingProvider")) {
            List<Contender> contenders = List.of(
                    new Contender("Lockstep", ours, new LinkedHashMap<>()),
                    new Contender("Caffeine", peer, new LinkedHashMap<>()));
            Alone comparison = new Alone(contenders, options.isEmpty() ? FULL : QUICK);
            comparison.run();
            comparison.print();
        }
    }

    private static Child child(Path logs, Jvm jvm, String provider) throws IOException {
        String name = provider.substring(provider.lastIndexOf('.') + 1);
        Child child = new Child(name, logs.resolve(name + ".log"), jvm, AloneMain.class, List.of(provider));
        try {
            child.awaitReady();
            return child;
        } catch (IOException failure) {
            child.close();
            throw failure;
        }
    }

    private void run() throws IOException {
        for (Load load : LOADS) {
            for (Contender contender : contenders) {
                Progress.tell("warming up " + contender.name() + ": " + load);
                contender.run(load, effort.warmUpSeconds());
            }
        }
        for (int round = 0; round < effort.rounds(); round++) {
            Progress.tell("round " + (round + 1) + " of " + effort.rounds());
            for (Load load : LOADS) {
                for (int turn = 0; turn < contenders.size(); turn++) {
                    contenders.get((round + turn) % contenders.size()).measure(load, effort.seconds());
                }
            }
        }
    }

    private void print() {
        System.out.printf(
                Locale.ROOT,
                "%nA cache in one JVM, by value, 10,000 entries; median [lowest-highest] of %d rounds%n",
                effort.rounds());
        System.out.printf(Locale.ROOT, "%-17s %-10s %32s %24s%n", "", "", "operations/s", "CPU us/operation");
        for (Load load : LOADS) {
            for (Contender contender : contenders) {
                System.out.printf(
                        Locale.ROOT,
                        "%-17s %-10s %32s %24s%n",
                        load,
                        contender.name(),
                        contender.text(load, Measured::rate, "%.0f"),
                        contender.text(load, Measured::cpu, "%.2f"));
            }
            System.out.printf(
                    Locale.ROOT,
                    "%-17s Lockstep/Caffeine: rate %s, CPU %s%n",
                    "",
                    ratio(load, Measured::rate).text("%.2f"),
                    ratio(load, Measured::cpu).text("%.2f"));
        }
        System.out.println("ratios to caffeine, values of text: " + ratios("text"));
        System.out.println("ratios to caffeine: " + ratios("object"));
    }

    private String ratios(String values) {
        return LOADS.stream()
                .filter(load -> load.values().equals(values))
                .map(load -> String.format(
                        Locale.ROOT,
                        "%s=%.2f",
                        load.name(),
                        ratio(load, Measured::rate).median()))
                .collect(Collectors.joining(" "));
    }

    /** Round by round. */
    private Spread ratio(Load load, ToDoubleFunction<Measured> figure) {
        List<Measured> ours = contenders.get(0).of(load);
        List<Measured> peers = contenders.get(1).of(load);
        return Spread.of(IntStream.range(0, ours.size())
                .mapToDouble(round -> figure.applyAsDouble(ours.get(round)) / figure.applyAsDouble(peers.get(round)))
                .toArray());
    }
}
