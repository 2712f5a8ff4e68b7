package dev.lockstep.system.durability;

import dev.lockstep.cluster.checkpoint.CorruptedCheckpoint;
import dev.lockstep.cluster.consensus.ratis.CorruptedLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Harms checkpoints byte by byte, and the logs of nodes, for as long as one likes. */
@Command(
        name = "./lockstep-test corrupt",
        mixinStandardHelpOptions = true,
        description = {
            "Cuts a checkpoint off at each of its bytes, and changes each of them; does the same to the log of a node that is",
            "alone, and starts it; then harms the logs and votes of one of three nodes under load, again and again, and",
            "looks for what was acknowledged."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:all harm was noticed or did none", "1:something was lost silently", "2:it could not be run"})
public final class CorruptionMain implements Callable<Integer> {

    private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(5);

    @Option(
            names = "--size",
            paramLabel = "<bytes>",
            defaultValue = "4096",
            description = "Of the checkpoint, at least; 4096 unless given.")
    private int size = 4_096;

    @Option(
            names = "--trials",
            paramLabel = "<n>",
            defaultValue = "20",
            description = "How often a node is harmed, each of its logs once; 20 unless given.")
    private int trials = 20;

    @Option(names = "--seed", paramLabel = "<s>", description = "Of what is harmed how; any unless given.")
    private long seed = new Random().nextInt(1_000_000);

    @Option(names = "--folder", paramLabel = "<folder>", defaultValue = "system-tests/target/corrupt", hidden = true)
    private Path folder = Path.of("system-tests/target/corrupt");

    private long toldNanos = System.nanoTime();

    public static void main(String... arguments) {
        System.setProperty("lockstep-test.log", "OFF");
        System.setProperty("lockstep-test.ratis-log", "OFF"); // it has a page to say of each harm
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly)));
        System.exit(new CommandLine(new CorruptionMain()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        CorruptedCheckpoint checkpoint = CorruptedCheckpoint.ofAtLeast(size);
        List<String> missed =
                new ArrayList<>(checkpoint.harmEach(at -> System.out.printf("byte %d of a checkpoint%n", at)));
        System.out.printf("checkpoint: tried=%d undetected=%d%n", checkpoint.tried(), missed.size());
        Path home = folder.resolve("nodes-" + ProcessHandle.current().pid()).toAbsolutePath();
        System.out.printf("seed=%d, the nodes' logs in %s%n", seed, home);
        try (CorruptedLog log = new CorruptedLog(Files.createDirectories(home.resolve("alone")))) {
            log.harmEach(1, this::tell);
            missed.addAll(log.undetected());
            System.out.println("log: " + log);
            try (Corruption corruption = new Corruption(home, seed)) {
                for (int i = 0; i < trials; i++) {
                    corruption.trial();
                    tell(corruption);
                }
                System.out.println("nodes: " + corruption);
                missed.addAll(corruption.undetected());
                missed.forEach(System.out::println);
                System.out.printf(
                        "tried=%d detected=%d harmless=%d undetected=%d%n",
                        checkpoint.tried() + log.tried() + corruption.tried(),
                        checkpoint.refused() + log.refused() + corruption.detected(),
                        log.harmless() + corruption.harmless(),
                        missed.size());
                return missed.isEmpty() ? 0 : 1;
            }
        } catch (IOException failure) {
            System.err.println("It could not be run: " + failure.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
    }

    private void tell(Object how) {
        long now = System.nanoTime();
        if (now - toldNanos > STATUS_NANOS) {
            toldNanos = now;
            System.out.println(how);
        }
    }
}
