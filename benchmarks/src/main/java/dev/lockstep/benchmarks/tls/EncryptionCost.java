package dev.lockstep.benchmarks.tls;

import dev.lockstep.benchmarks.Contender;
import dev.lockstep.benchmarks.Goal;
import dev.lockstep.benchmarks.SideBySide;
import dev.lockstep.benchmarks.Spread;
import dev.lockstep.cli.CliMain;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Compares a client of three encrypted nodes with one of three others that are not: each workload on both, one after the other, in each
 * round. {@code --quick} for a run of three minutes. The last line is the ratios of the rates, encrypted to plain.
 */
public final class EncryptionCost {

    private static final int[] CALLERS = {1, 64};
    private static final String PLAIN = "plain";
    private static final String ENCRYPTED = "tls";

    private EncryptionCost() {}

    public static void main(String[] arguments) throws Exception {
        List<String> options = List.of(arguments);
        if (!options.isEmpty() && !options.equals(List.of("--quick"))) {
            System.err.println("lockstep-bench: tls takes --quick or nothing, not " + options);
            System.exit(2);
        }
        boolean quick = !options.isEmpty();
        Path home = Files.createTempDirectory("lockstep-tls");
        try (Contender plain = contender(home.resolve(PLAIN), "", "", CALLERS);
                Contender encrypted = encrypted(home.resolve(ENCRYPTED), CALLERS)) {
            System.out.println(
                    "Three nodes and a client, TLS 1.3 with certificates on both ends beside plain text; median [lowest-highest]");
            report(new SideBySide(
                            PLAIN,
                            plain,
                            ENCRYPTED,
                            encrypted,
                            quick ? 5 : 9,
                            quick ? 3 : 5,
                            quick ? 8 : 20,
                            turn -> {})
                    .compare());
        }
    }

    private static void report(Map<String, Spread> ratios) {
        System.out.println(
                Goal.atLeast(0.7, "session get of 64 callers", Objects.requireNonNull(ratios.get("get@64"))));
        System.out.println(Goal.atLeast(0.85, "put of 64 callers", Objects.requireNonNull(ratios.get("put@64"))));
        StringBuilder last = new StringBuilder("tls/plain:");
        ratios.forEach((name, ratio) -> last.append(String.format(Locale.ROOT, " %s=%.2f", name, ratio.median())));
        System.out.println(last);
    }

    /** Starts three encrypted nodes and a client of theirs. */
    static Contender encrypted(Path home, int... callers) throws Exception {
        Path certificates = home.resolve("tls");
        StringWriter said = new StringWriter();
        int code = CliMain.run(
                new String[] {"tls", "init", certificates.toString(), "--node=node=127.0.0.1", "--client=client"},
                new PrintWriter(said),
                new PrintWriter(said));
        if (code != 0) {
            throw new IllegalStateException("There are no certificates: " + said);
        }
        return contender(
                home,
                "\ntls: {directory: \"" + certificates.resolve("node") + "\"}",
                "?tls.directory=" + certificates.resolve("client"),
                callers);
    }

    private static Contender contender(Path home, String settings, String query, int... callers) throws Exception {
        NodeProcesses nodes = NodeProcesses.start(
                home, MemberPorts.reserve(3), "shards: 4" + settings, NodeProcesses.currentClassPath());
        return Contender.client(nodes, query, callers);
    }
}
