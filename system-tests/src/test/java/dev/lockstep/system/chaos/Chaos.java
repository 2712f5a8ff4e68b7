package dev.lockstep.system.chaos;

import dev.lockstep.cluster.history.Call;
import dev.lockstep.cluster.history.Checker;
import dev.lockstep.cluster.history.History;
import dev.lockstep.cluster.history.HistoryText;
import dev.lockstep.cluster.history.Recorder;
import dev.lockstep.cluster.history.Report;
import dev.lockstep.cluster.testing.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Rounds of chaos: clients work on fresh keys, in groups whose histories are judged by themselves, while the cluster is harmed;
 * then it is mended, must serve everybody again, and the histories are judged. Not thread-safe.
 *
 * <p>The schedule of faults is a function of the seed; what the processes make of it is not.
 */
final class Chaos implements AutoCloseable {

    private static final int GROUPS = 2;
    private static final int CLIENTS = 4;
    private static final int READERS = 2;
    private static final int CALLS = History.MAX_CALLS / CLIENTS;
    /** Longer than any call may take while a majority is reachable: none ends by it. */
    private static final Duration PATIENT = Duration.ofSeconds(10);
    /** Shorter, so that outcomes stay unknown. */
    private static final Duration IMPATIENT = Duration.ofMillis(600);

    private static final Duration LONGEST_ROUND = Duration.ofSeconds(6);
    /** A replica that has started asks another for the log's time; an answer may take so long. */
    private static final long UNCERTAIN_MILLIS = 500;

    private static final Duration STUCK = Duration.ofSeconds(90);

    private final int nodes;
    private final long seed;
    private final Path failures;
    private final Consumer<String> out;
    private final Tally tally = new Tally();
    private final ChaosCluster cluster;
    private final List<ChaosClient> clients = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(GROUPS * CLIENTS);
    private final Deque<Fault> deck = new ArrayDeque<>();
    private final Random schedule;
    private int round;

    /**
     * @param home for the nodes
     * @param failures gets the histories that are wrong
     */
    Chaos(Path home, Path failures, int nodes, long seed, Consumer<String> out) throws IOException {
        this.nodes = nodes;
        this.seed = seed;
        this.failures = failures;
        this.out = out;
        this.schedule = new Random(seed);
        this.cluster = new ChaosCluster(home, nodes);
        try {
            for (int i = 0; i < GROUPS * CLIENTS; i++) {
                Duration timeout = i % 2 == 0 ? PATIENT : IMPATIENT;
                boolean reader = i % CLIENTS < READERS;
                clients.add(new ChaosClient("c" + i, reader, cluster.uri(i, timeout), seed + i, tally));
            }
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
        round++;
        long acknowledged = tally.acknowledged();
        List<Recorder> recorders = new ArrayList<>();
        List<CompletableFuture<Void>> working = new ArrayList<>();
        AtomicBoolean end = new AtomicBoolean();
        for (int group = 0; group < GROUPS; group++) {
            Recorder recorder = new Recorder(System::nanoTime);
            recorders.add(recorder);
            List<String> keys = keys(group);
            for (int i = 0; i < CLIENTS; i++) {
                ChaosClient client = clients.get(group * CLIENTS + i);
                working.add(CompletableFuture.runAsync(() -> client.work(recorder, keys, CALLS, end::get), threads));
            }
        }
        CompletableFuture<Void> all = CompletableFuture.allOf(working.toArray(CompletableFuture[]::new));
        List<Fault> faults = new ArrayList<>();
        boolean majority = harm(all, faults);
        end.set(!isDone(all, LONGEST_ROUND));
        cluster.mend();
        long mended = System.nanoTime();
        all.get(STUCK.toSeconds(), TimeUnit.SECONDS);
        cluster.awaitReady();
        serveAll();
        long recovery = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - mended);
        for (int group = 0; group < GROUPS; group++) {
            judge(group, recorders.get(group).history(vanishing(keys(group))));
        }
        tally.roundEnded(tally.acknowledged() - acknowledged, cluster.leaderChanges(), recovery, faults, majority);
    }

    private List<String> keys(int group) {
        String suffix = "." + round + "." + group;
        return List.of("k0" + suffix, "k1" + suffix, "k2" + suffix, "k3" + suffix, ChaosClient.TIMED + suffix);
    }

    /** The log's time may go faster by a twentieth. */
    private static Map<String, Long> vanishing(List<String> keys) {
        long atLeast = ChaosClient.LIFETIME_MILLIS * 20 / 21 - UNCERTAIN_MILLIS;
        return Map.of(keys.get(keys.size() - 1), TimeUnit.MILLISECONDS.toNanos(atLeast));
    }

    /** Or slower. */
    private static List<Call> overdue(History history) {
        long atMost = ChaosClient.LIFETIME_MILLIS * 20 / 19 + UNCERTAIN_MILLIS;
        return history.byKey().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(ChaosClient.TIMED))
                .flatMap(entry -> Overdue.of(entry.getValue(), TimeUnit.MILLISECONDS.toNanos(atMost)).stream())
                .toList();
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
            harmed.addAll(cluster.harm(fault, (round + i) % ChaosCluster.SHARDS, keys(0).get(i), schedule));
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

    /** Every client can write and read on every shard again. */
    private void serveAll() throws Exception {
        List<CompletableFuture<Void>> served = new ArrayList<>();
        for (int i = 0; i < clients.size(); i++) {
            ChaosClient client = clients.get(i);
            String suffix = "." + round + "." + i;
            served.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            for (int key = 0; key < 2 * ChaosCluster.SHARDS; key++) {
                                String own = "served" + key + suffix;
                                Eventually.holds("a client is served again", () -> client.isServed(own));
                            }
                        } catch (Exception failure) {
                            throw new IllegalStateException(failure);
                        }
                    },
                    threads));
        }
        CompletableFuture.allOf(served.toArray(CompletableFuture[]::new)).get(STUCK.toSeconds(), TimeUnit.SECONDS);
    }

    private void judge(int group, History history) throws IOException {
        Report report = new Checker().check(history);
        List<Call> overdue = overdue(history);
        tally.judged(
                report.violations().size() + overdue.size(), report.unknown().size());
        if (!report.isClean() || !overdue.isEmpty()) {
            Path file = failures.resolve("seed-%d-round-%d-group-%d.history".formatted(seed, round, group));
            Files.createDirectories(failures);
            HistoryText.save(history, file);
            out.accept("round " + round + ": " + report);
            overdue.forEach(call -> out.accept("round " + round + ": expired before it was read: " + call));
            out.accept("again: ./lockstep-test check " + file.toAbsolutePath());
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        clients.forEach(ChaosClient::close);
        cluster.close();
    }
}
