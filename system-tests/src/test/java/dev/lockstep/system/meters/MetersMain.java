package dev.lockstep.system.meters;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compares the meters of three nodes under load with what their clients have done. */
@Command(
        name = "./lockstep-test meters",
        mixinStandardHelpOptions = true,
        description = "Scrapes three nodes under load, and compares their meters with what the clients have done.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:every meter was there and right", "1:one was not", "2:it could not be run"})
public final class MetersMain implements Callable<Integer> {

    @Option(
            names = "--operations",
            paramLabel = "<n>",
            defaultValue = "20000",
            description = "Of each client on each cache; 20000 unless given.")
    private int operations = 20_000;

    @Option(names = "--seed", paramLabel = "<s>", description = "Of the operations; any unless given.")
    private long seed = new Random().nextInt(1_000_000);

    @Option(names = "--folder", paramLabel = "<folder>", defaultValue = "system-tests/target/meters", hidden = true)
    private Path folder = Path.of("system-tests/target/meters");

    public static void main(String... arguments) {
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly)));
        System.exit(new CommandLine(new MetersMain()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Path home = folder.resolve("nodes-" + ProcessHandle.current().pid());
        Files.createDirectories(home);
        System.out.printf("meters seed=%d, the nodes' logs in %s%n", seed, home);
        try (Meters meters = new Meters(home.toAbsolutePath(), seed)) {
            meters.awaitBalance();
            meters.load(operations);
            meters.compare();
            System.out.printf("scrapes=%d%n", meters.scrapes());
            meters.findings().forEach(System.out::println);
            System.out.println(meters);
            return meters.findings().isEmpty() ? 0 : 1;
        } catch (IOException failure) {
            System.err.println("It could not be run: " + failure.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
    }
}
