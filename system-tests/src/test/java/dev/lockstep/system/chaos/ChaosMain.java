package dev.lockstep.system.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The long form of chaos. */
@Command(
        name = "./lockstep-test chaos",
        mixinStandardHelpOptions = true,
        description = "Harms a cluster of processes while clients use it, and judges what they were told.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:nothing was found",
            "1:a violation, or something that was not decided",
            "2:it could not be run"
        })
public final class ChaosMain implements Callable<Integer> {

    private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(5);

    @Option(names = "--minutes", paramLabel = "<n>", defaultValue = "10", description = "How long; 10 unless given.")
    private double minutes = 10;

    @Option(
            names = "--nodes",
            paramLabel = "<3|5>",
            defaultValue = "3",
            description = "How many nodes; 3 unless given.")
    private int nodes = 3;

    @Option(names = "--tls", description = "Encrypt the connections, and replace the certificates every few rounds.")
    private boolean tls;

    @Option(names = "--seed", paramLabel = "<s>", description = "Of the schedule of faults; any unless given.")
    private long seed = new Random().nextInt(1_000_000);

    @Option(names = "--folder", paramLabel = "<folder>", defaultValue = "system-tests/target/chaos", hidden = true)
    private Path folder = Path.of("system-tests/target/chaos");

    public static void main(String... arguments) {
        System.exit(new CommandLine(new ChaosMain()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Path home = folder.resolve("nodes-" + ProcessHandle.current().pid());
        Files.createDirectories(home);
        System.out.printf(
                "chaos seed=%d nodes=%d%s minutes=%s, the nodes' logs in %s%n",
                seed, nodes, tls ? " tls" : "", minutes, home);
        long start = System.nanoTime();
        long last = start;
        try (Chaos chaos =
                new Chaos(home.toAbsolutePath(), folder.resolve("failures"), nodes, tls, seed, System.out::println)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> endChildren()));
            while (System.nanoTime() - start < TimeUnit.MINUTES.toNanos(1) * minutes) {
                chaos.round();
                if (System.nanoTime() - last > STATUS_NANOS) {
                    last = System.nanoTime();
                    System.out.printf("t=%ds %s%n", TimeUnit.NANOSECONDS.toSeconds(last - start), chaos.tally());
                }
            }
            System.out.printf("chaos seed=%d nodes=%d %s%n", seed, nodes, chaos.tally());
            return chaos.tally().isClean() ? 0 : 1;
        } catch (IOException failure) {
            System.err.println("Chaos could not be run: " + failure.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
    }

    private static void endChildren() {
        ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
    }
}
