package dev.lockstep.system.elastic;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Changes the nodes of a cluster for as long as one likes. */
@Command(
        name = "./lockstep-test elastic",
        mixinStandardHelpOptions = true,
        description = {
            "Grows a cluster from one node to five and shrinks it to three, again and again, under load, while nodes are replaced,",
            "restarted, and killed in the middle of moves; checks the clients' histories, and looks for what was acknowledged."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:nothing was found",
            "1:an operation failed, something was lost or wrong, or the cluster did not become whole",
            "2:it could not be run"
        })
public final class ElasticMain implements Callable<Integer> {

    @Option(names = "--minutes", paramLabel = "<n>", defaultValue = "10", description = "How long; 10 unless given.")
    private double minutes = 10;

    @Option(names = "--seed", paramLabel = "<s>", description = "Of the schedule; any unless given.")
    private long seed = new Random().nextInt(1_000_000);

    @Option(names = "--folder", paramLabel = "<folder>", defaultValue = "system-tests/target/elastic", hidden = true)
    private Path folder = Path.of("system-tests/target/elastic");

    public static void main(String... arguments) {
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly)));
        System.exit(new CommandLine(new ElasticMain()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Path home = folder.resolve("nodes-" + ProcessHandle.current().pid());
        Files.createDirectories(home);
        System.out.printf("elastic seed=%d minutes=%s, the nodes' logs in %s%n", seed, minutes, home);
        long start = System.nanoTime();
        ElasticPlan plan = new ElasticPlan(seed);
        try (Elastic elastic =
                new Elastic(home.toAbsolutePath(), folder.resolve("failures"), seed, System.out::println)) {
            boolean whole = true;
            try {
                while (System.nanoTime() - start < TimeUnit.MINUTES.toNanos(1) * minutes) {
                    elastic.run(plan.next());
                }
                elastic.end();
            } catch (Exception | AssertionError failure) {
                whole = false;
                failure.printStackTrace(System.out);
            }
            System.out.println(elastic.tally().details());
            System.out.println(elastic.tally());
            return whole && elastic.tally().isClean() ? 0 : 1;
        } catch (IOException failure) {
            System.err.println("It could not be run: " + failure.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
    }
}
