package dev.lockstep.system.durability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Kills nodes for as long as one likes. */
@Command(
        name = "./lockstep-test crash",
        mixinStandardHelpOptions = true,
        description =
                "Kills one, two or all of three nodes under load, again and again, and looks for what was acknowledged.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:all that was acknowledged was there", "1:something was lost", "2:it could not be run"})
public final class CrashMain implements Callable<Integer> {

    private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(5);

    @Option(names = "--cycles", paramLabel = "<n>", defaultValue = "100", description = "How many; 100 unless given.")
    private int cycles = 100;

    @Option(names = "--seed", paramLabel = "<s>", description = "Of who is killed when; any unless given.")
    private long seed = new Random().nextInt(1_000_000);

    @Option(names = "--folder", paramLabel = "<folder>", defaultValue = "system-tests/target/crash", hidden = true)
    private Path folder = Path.of("system-tests/target/crash");

    public static void main(String... arguments) {
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly)));
        System.exit(new CommandLine(new CrashMain()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Path home = folder.resolve("nodes-" + ProcessHandle.current().pid());
        Files.createDirectories(home);
        System.out.printf("crash seed=%d, the nodes' logs in %s%n", seed, home);
        long start = System.nanoTime();
        long last = start;
        try (Crash crash = new Crash(home.toAbsolutePath(), seed)) {
            for (int i = 0; i < cycles; i++) {
                crash.cycle();
                if (System.nanoTime() - last > STATUS_NANOS) {
                    last = System.nanoTime();
                    System.out.printf(
                            "t=%ds %s killed=%s%n",
                            TimeUnit.NANOSECONDS.toSeconds(last - start), crash, crash.killed());
                }
            }
            crash.lost().forEach(System.out::println);
            System.out.println(crash);
            return crash.lost().isEmpty() ? 0 : 1;
        } catch (IOException failure) {
            System.err.println("It could not be run: " + failure.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
    }
}
