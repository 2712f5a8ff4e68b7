package dev.lockstep.system.chaos;

import dev.lockstep.system.load.RecordedLoad;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Rounds of chaos: clients work on fresh keys, in groups whose histories are judged by themselves, while the cluster is harmed;
 * then it is mended, must serve everybody again, and the histories are judged. Not thread-safe.
 *
 * <p>The schedule of faults is a function of the seed; what the processes make of it is not.
 */
final class Chaos implements AutoCloseable {

    private static final int ROUNDS_OF_A_CERTIFICATE = 5;
    private static final Duration LONGEST_ROUND = Duration.ofSeconds(6);

    private final int nodes;
    private final Tally tally = new Tally();
    private final ChaosCluster cluster;
    private final RecordedLoad load;
    private final Deque<Fault> deck = new ArrayDeque<>();
    private final Random schedule;

    /**
     * @param home for the nodes
     * @param encrypted whether connections are encrypted, with certificates that are replaced now and then
     * @param failures gets the histories that are wrong
     */
    Chaos(Path home, Path failures, int nodes, boolean encrypted, long seed, Consumer<String> out)
            throws IOException, GeneralSecurityException {
        this.nodes = nodes;
        this.schedule = new Random(seed);
        this.cluster = new ChaosCluster(home, nodes, encrypted);
        try {
            this.load = new RecordedLoad(cluster::uri, seed, tally, failures, out);
        } catch (RuntimeException failure) {
            cluster.close();
            throw failure;
        }
        try {
            cluster.awaitReady();
        } catch (IOException | RuntimeException failure) {
            close();
            throw failure;
        }
    }

    Tally tally() {
        return tally;
    }

    /** One round. Faults come in a shuffled order, all of them before any comes again. */
    void round() throws Exception {
        long acknowledged = tally.acknowledged();
        load.begin();
        if (load.round() % ROUNDS_OF_A_CERTIFICATE == 0) {
            cluster.replaceCertificates();
        }
        List<Fault> faults = new ArrayList<>();
        boolean majority = harm(load.working(), faults);
        if (!isDone(load.working(), LONGEST_ROUND)) {
            load.end();
        }
        cluster.mend();
        long mended = System.nanoTime();
        load.awaitEnd();
        cluster.awaitReady();
        load.serveAll();
        long recovery = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - mended);
        tally.judged(load.judge());
        tally.roundEnded(tally.acknowledged() - acknowledged, cluster.leaderChanges(), recovery, faults, majority);
    }

    /**
     * One or two faults; the second while the first lasts, so that now and then no majority is left.
     *
     * @param faults gets those that were drawn
     * @return whether a majority was reachable throughout
     */
    private boolean harm(CompletableFuture<Void> working, List<Fault> faults) throws Exception {
        Set<String> harmed = new HashSet<>();
        isDone(working, Duration.ofMillis(200 + schedule.nextInt(500)));
        int count = 1 + schedule.nextInt(5) / 4;
        for (int i = 0; i < count; i++) {
            Fault fault = draw();
            faults.add(fault);
            tally.harmed(fault);
            harmed.addAll(cluster.harm(
                    fault,
                    (load.round() + i) % ChaosCluster.SHARDS,
                    load.keys(0).get(i),
                    schedule));
            isDone(working, Duration.ofMillis(1_000 + schedule.nextInt(2_000)));
        }
        cluster.mend();
        return harmed.size() <= (nodes - 1) / 2;
    }

    private Fault draw() {
        if (deck.isEmpty()) {
            List<Fault> shuffled = new ArrayList<>(Arrays.asList(Fault.values()));
            Collections.shuffle(shuffled, schedule);
            deck.addAll(shuffled);
        }
        return deck.remove();
    }

    private static boolean isDone(CompletableFuture<Void> work, Duration atMost) throws Exception {
        try {
            work.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException late) {
            return false;
        }
    }

    @Override
    public void close() {
        load.close();
        cluster.close();
    }
}
