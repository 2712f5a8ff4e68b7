package dev.lockstep.system.durability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Cuts the power of nodes for as long as one likes. */
@Command(
        name = "./lockstep-test powercut",
        mixinStandardHelpOptions = true,
        description =
                "Cuts the power of all of three nodes under load, again and again, and looks for what was acknowledged."
                        + " Needs root, loop devices and ext4.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:all that was acknowledged was there",
            "1:something was lost",
            "2:it could not be run, or was skipped"
        })
public final class PowerCutMain implements Callable<Integer> {

    private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(5);

    @Option(names = "--cuts", paramLabel = "<n>", defaultValue = "20", description = "How many; 20 unless given.")
    private int cuts = 20;

    @Option(
            names = "--durability",
            paramLabel = "<process|disk>",
            defaultValue = "disk",
            description = "Of the nodes; disk unless given. With process, something is lost.")
    private String durability = "disk";

    @Option(
            names = "--sync-millis",
            paramLabel = "<n>",
            defaultValue = "0",
            description = "How much longer each sync of a log takes, as on a slow disk; needs gcc.")
    private int syncMillis;

    @Option(names = "--seed", paramLabel = "<s>", description = "Of the moments; any unless given.")
    private long seed = new Random().nextInt(1_000_000);

    @Option(names = "--folder", paramLabel = "<folder>", defaultValue = "system-tests/target/powercut", hidden = true)
    private Path folder = Path.of("system-tests/target/powercut");

    public static void main(String... arguments) {
        System.exit(new CommandLine(new PowerCutMain()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Path home = folder.resolve("nodes-" + ProcessHandle.current().pid()).toAbsolutePath();
        Files.createDirectories(home);
        Optional<String> why = LoopDisk.whyNot(home);
        if (why.isPresent()) {
            System.err.println("skipped: no loop-mounted disks here: " + why.orElseThrow());
            return CommandLine.ExitCode.USAGE;
        }
        System.out.printf(
                "powercut durability=%s sync-millis=%d seed=%d, the nodes' logs in %s%n",
                durability, syncMillis, seed, home);
        long start = System.nanoTime();
        long last = start;
        try (PowerCut power = new PowerCut(home, durability, syncMillis, seed)) {
            // Interrupted, it still ends the nodes and gives the disks back.
            Thread hook = new Thread(() -> closeQuietly(power));
            Runtime.getRuntime().addShutdownHook(hook);
            for (int i = 0; i < cuts; i++) {
                power.cut();
                if (System.nanoTime() - last > STATUS_NANOS) {
                    last = System.nanoTime();
                    System.out.printf("t=%ds %s%n", TimeUnit.NANOSECONDS.toSeconds(last - start), power);
                }
            }
            power.lost().forEach(System.out::println);
            System.out.println(power);
            return power.lost().isEmpty() ? 0 : 1;
        } catch (IOException failure) {
            System.err.println("It could not be run: " + failure.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
    }

    private static void closeQuietly(PowerCut power) {
        try {
            power.close();
        } catch (IOException failure) {
            System.err.println(failure.getMessage());
        }
    }
}
