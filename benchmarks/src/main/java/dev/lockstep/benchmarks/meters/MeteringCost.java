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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * Compares nodes that measure, and are scraped every five seconds in their turns, with nodes that don't: an application with a node in its own
 * JVM, and a client of three node processes. {@code --quick} for a run of ten minutes. The last line is the ratios of the rates, measuring to not.
 */
public final class MeteringCost {

    private static final double GOAL = 0.97;
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
            Map<String, Spread> ratios = compare(none, measured, scraper, quick);
            scraper.check();
            System.out.println(Goal.atLeast(
                    GOAL, "session get of an embedded member", Objects.requireNonNull(ratios.get("get@1"))));
            ratios.forEach((name, ratio) -> append(last, "embedded." + name, ratio));
        }
        try (Scraper scraper = new Scraper(ports.subList(0, 3));
                Contender none = client(home.resolve(NONE), id -> "");
                Contender measured =
                        client(home.resolve(MEASURED), id -> admin(ports.get(Integer.parseInt(id.substring(1)) - 1)))) {
            System.out.println("A client of three nodes; median [lowest-highest]");
            Map<String, Spread> ratios = compare(none, measured, scraper, quick);
            scraper.check();
            System.out.println(Goal.atLeast(GOAL, "put of 64 callers", Objects.requireNonNull(ratios.get("put@64"))));
            ratios.forEach((name, ratio) -> append(last, name, ratio));
        }
        System.out.println(last);
    }

    private static Map<String, Spread> compare(Contender none, Contender measured, Scraper scraper, boolean quick)
            throws InterruptedException {
        return new SideBySide(
                        NONE,
                        none,
                        MEASURED,
                        measured,
                        quick ? 5 : 9,
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
