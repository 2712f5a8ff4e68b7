package dev.lockstep.benchmarks.meters;

import dev.lockstep.benchmarks.Contender;
import dev.lockstep.benchmarks.Goal;
import dev.lockstep.benchmarks.SideBySide;
import dev.lockstep.benchmarks.Spread;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * Compares nodes that measure, and are scraped every five seconds in their turns, with nodes that don't: an application with a node in its own
 * JVM, and a client of three node processes, with several pairs of clusters. {@code --quick} for a run of ten minutes, with one pair.
 * The last line is the ratios of the rates, measuring to not.
 */
public final class MeteringCost {

    private static final double GOAL = 0.97;
    private static final int PAIRS = 3;
    private static final String NONE = "none";
    private static final String MEASURED = "meters";

    private MeteringCost() {}

    public static void main(String[] arguments) throws Exception {
        List<String> options = List.of(arguments);
        if (!options.isEmpty() && !options.equals(List.of("--quick"))) {
            System.err.println("lockstep-bench: meters takes --quick or nothing, not " + options);
            System.exit(2);
        }
        boolean quick = !options.isEmpty();
        Path home = Files.createTempDirectory("lockstep-meters");
        StringBuilder last = new StringBuilder("meters/none:");
        List<Integer> ports = MemberPorts.freePorts(4);
        try (Scraper scraper = new Scraper(ports.subList(3, 4));
                Contender none = embedded(home.resolve("embedded-" + NONE), "");
                Contender measured = embedded(home.resolve("embedded-" + MEASURED), admin(ports.get(3)))) {
            System.out.println("An application with a node in its own JVM; median [lowest-highest]");
            Map<String, Spread> ratios = compare(none, measured, scraper, quick ? 5 : 9, quick);
            scraper.check();
            System.out.println(Goal.atLeast(
                    GOAL, "session get of an embedded member", Objects.requireNonNull(ratios.get("get@1"))));
            ratios.forEach((name, ratio) -> append(last, "embedded." + name, ratio));
        }
        Map<String, Spread> ratios = clients(home, ports.subList(0, 3), quick);
        System.out.println(Goal.atLeast(GOAL, "put of 64 callers", Objects.requireNonNull(ratios.get("put@64"))));
        ratios.forEach((name, ratio) -> append(last, name, ratio));
        System.out.println(last);
    }

    /**
     * Compares pairs of clusters, each started anew: two clusters can differ by more than what meters cost, whichever of them measures.
     *
     * @return the medians of the pairs, by workload
     */
    private static Map<String, Spread> clients(Path home, List<Integer> ports, boolean quick) throws Exception {
        int pairs = quick ? 1 : PAIRS;
        Map<String, List<Double>> medians = new LinkedHashMap<>();
        for (int pair = 1; pair <= pairs; pair++) {
            Path folder = home.resolve("pair-" + pair);
            try (Scraper scraper = new Scraper(ports);
                    Contender none = client(folder.resolve(NONE), id -> "");
                    Contender measured = client(
                            folder.resolve(MEASURED), id -> admin(ports.get(Integer.parseInt(id.substring(1)) - 1)))) {
                System.out.printf("A client of three nodes, pair %d of %d; median [lowest-highest]%n", pair, pairs);
                compare(none, measured, scraper, quick ? 5 : 3, quick)
                        .forEach((name, ratio) -> medians.computeIfAbsent(name, first -> new ArrayList<>())
                                .add(ratio.median()));
                scraper.check();
            }
        }
        Map<String, Spread> ratios = new LinkedHashMap<>();
        medians.forEach((name, ofPairs) -> ratios.put(name, Spread.of(ofPairs)));
        return ratios;
    }

    private static Map<String, Spread> compare(
            Contender none, Contender measured, Scraper scraper, int rounds, boolean quick)
            throws InterruptedException {
        return new SideBySide(
                        NONE,
                        none,
                        MEASURED,
                        measured,
                        rounds,
                        quick ? 3 : 5,
                        quick ? 8 : 20,
                        turn -> scraper.setActive(turn.equals(measured)))
                .compare();
    }

    private static void append(StringBuilder line, String name, Spread ratio) {
        line.append(String.format(Locale.ROOT, " %s=%.3f", name, ratio.median()));
    }

    private static String admin(int port) {
        return ", admin: \"127.0.0.1:" + port + "\"";
    }

    private static Contender embedded(Path home, String own) throws IOException {
        Files.createDirectories(home);
        List<MemberPorts> member = MemberPorts.reserve(1);
        Path configuration = home.resolve("lockstep.yaml");
        Files.writeString(
                configuration,
                NodeProcesses.configuration(member.get(0).id(), member, "shards: 4")
                        .replace("data: data", "data: \"" + home.resolve("data") + "\"" + own));
        return Contender.embedded(configuration.toUri(), 1, 4);
    }

    private static Contender client(Path home, Function<String, String> own) throws IOException {
        List<MemberPorts> members = MemberPorts.reserve(3);
        NodeProcesses nodes = NodeProcesses.start(
                home,
                members,
                id -> NodeProcesses.configuration(id, members, "shards: 4")
                        .replace("data: data", "data: data" + own.apply(id)),
                Map.of());
        return Contender.client(nodes, "", 1, 64);
    }
}
