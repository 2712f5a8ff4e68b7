package dev.lockstep.protocol.concurrency;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Runs operations against each other on the machine's own threads and memory, round by round for a while: for structures that
 * are too large to have their interleavings enumerated.
 */
public final class Race {

    private static final Duration LENGTH = Duration.ofMillis(1_500);
    private static final int LEAST_ROUNDS = 20;
    private static final int OPERATIONS = 60;
    private static final int PATIENCE_SECONDS = 60;

    private Race() {}

    /** One round: a fresh structure. */
    public interface Round {

        /** For each thread the operations that it picks from at random. */
        List<List<Runnable>> lanes();

        /** Asserts the outcome when all threads are done; throws when it does not. */
        void validate();
    }

    /** Rounds for a second and a half, and 20 at least. */
    public static void run(Supplier<? extends Round> rounds)
            throws ExecutionException, InterruptedException, TimeoutException {
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            long end = System.nanoTime() + LENGTH.toNanos();
            for (int number = 0; number < LEAST_ROUNDS || System.nanoTime() - end < 0; number++) {
                Round round = rounds.get();
                List<Future<?>> running = new ArrayList<>();
                for (List<Runnable> lane : round.lanes()) {
                    Random random = new Random(31L * number + running.size());
                    running.add(threads.submit(() -> drive(lane, random)));
                }
                for (Future<?> lane : running) {
                    lane.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                }
                round.validate();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void drive(List<Runnable> lane, Random random) {
        for (int i = 0; i < OPERATIONS; i++) {
            lane.get(random.nextInt(lane.size())).run();
        }
    }
}
