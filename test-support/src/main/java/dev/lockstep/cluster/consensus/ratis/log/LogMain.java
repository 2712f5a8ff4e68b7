package dev.lockstep.cluster.consensus.ratis.log;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs one schedule of a log and prints its trace, or many and prints what goes wrong. */
@Command(
        name = "./lockstep-test log",
        description = "Runs a Raft log on a simulated disk, each schedule from its seed.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class LogMain implements Callable<Integer> {

    private static final int MAX_FAILURES = 20;

    @ArgGroup(multiplicity = "1")
    private What what;

    @Option(names = "--from", description = "with --seeds: the first seed (${DEFAULT-VALUE})", paramLabel = "SEED")
    private long from;

    private static final class What {
        @Option(names = "--seeds", required = true, description = "so many schedules", paramLabel = "N")
        private long seeds;

        @Option(names = "--seed", required = true, description = "this one, with its trace", paramLabel = "SEED")
        private Long seed;
    }

    private LogMain() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new LogMain()).execute(arguments));
    }

    @Override
    public Integer call() {
        if (what.seed != null) {
            return LogSchedule.failure(what.seed, System.out::println) == null ? 0 : 1;
        }
        AtomicLong failed = new AtomicLong();
        LongStream.range(from, from + what.seeds).parallel().forEach(seed -> {
            String failure = failed.get() < MAX_FAILURES ? LogSchedule.failure(seed, line -> {}) : null;
            if (failure != null) {
                failed.incrementAndGet();
                System.out.println(failure);
            }
        });
        System.out.println("schedules=" + what.seeds + " failed=" + failed);
        return failed.get() == 0 ? 0 : 1;
    }
}
