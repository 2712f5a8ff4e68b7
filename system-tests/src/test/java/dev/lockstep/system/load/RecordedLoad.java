package dev.lockstep.system.load;

import dev.lockstep.cluster.history.Call;
import dev.lockstep.cluster.history.Checker;
import dev.lockstep.cluster.history.History;
import dev.lockstep.cluster.history.HistoryText;
import dev.lockstep.cluster.history.Recorder;
import dev.lockstep.cluster.history.Report;
import dev.lockstep.cluster.testing.Eventually;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Rounds of calls by clients in groups: each group works on fresh keys in each round, and its history is judged by itself. Half of the
 * clients are impatient, so that outcomes stay unknown. One thread at a time.
 */
public final class RecordedLoad implements AutoCloseable {

    private static final int GROUPS = 2;
    private static final int CLIENTS = 4;
    private static final int READERS = 2;
    private static final int CALLS = History.MAX_CALLS / CLIENTS;
    /** Keys that each client has to be served under, so many that they are on all shards. */
    private static final int SERVED_KEYS = 8;

    /** Longer than any call may take while a majority is reachable: none ends by it. */
    private static final Duration PATIENT = Duration.ofSeconds(10);
    /** Shorter, so that outcomes stay unknown. */
    private static final Duration IMPATIENT = Duration.ofMillis(600);

    /** A replica that has started asks another for the log's time; an answer may take so long. */
    private static final long UNCERTAIN_MILLIS = 500;

    private static final Duration STUCK = Duration.ofSeconds(90);

    private final long seed;
    private final Path failures;
    private final Consumer<String> out;
    private final List<RecordedClient> clients = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(GROUPS * CLIENTS);
    private final List<Recorder> recorders = new ArrayList<>();
    private CompletableFuture<Void> working = CompletableFuture.completedFuture(null);
    private volatile boolean end;
    private int round;

    /** The URI that a client connects to. */
    public interface Servers {
        URI uri(int client, Duration timeout);
    }

    /**
     * The judgement of a round.
     *
     * @param wrong number of violations
     * @param undecided number of keys of which it was not found out
     */
    public record Judgement(int wrong, int undecided) {}

    /**
     * Connects the clients.
     *
     * @param failures gets the histories that are wrong
     * @param out takes what is wrong
     */
    public RecordedLoad(Servers servers, long seed, CallListener listener, Path failures, Consumer<String> out) {
        this.seed = seed;
        this.failures = failures;
        this.out = out;
        try {
            for (int i = 0; i < GROUPS * CLIENTS; i++) {
                boolean patient = i % 2 == 0;
                boolean reader = i % CLIENTS < READERS;
                URI uri = servers.uri(i, patient ? PATIENT : IMPATIENT);
                clients.add(new RecordedClient("c" + i, reader, patient, uri, seed + i, listener));
            }
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /** Begins the next round. It ends by itself, or by {@link #end}. */
    public void begin() {
        round++;
        end = false;
        recorders.clear();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int group = 0; group < GROUPS; group++) {
            Recorder recorder = new Recorder(System::nanoTime);
            recorders.add(recorder);
            List<String> keys = keys(group);
            for (int i = 0; i < CLIENTS; i++) {
                RecordedClient client = clients.get(group * CLIENTS + i);
                all.add(CompletableFuture.runAsync(() -> client.work(recorder, keys, CALLS, () -> end), threads));
            }
        }
        working = CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
    }

    /** The number of the round, from 1 on. */
    public int round() {
        return round;
    }

    /** Is completed when no client calls any more. */
    public CompletableFuture<Void> working() {
        return working;
    }

    /** The keys of a group in this round. */
    public List<String> keys(int group) {
        String suffix = "." + round + "." + group;
        return List.of("k0" + suffix, "k1" + suffix, "k2" + suffix, "k3" + suffix, RecordedClient.TIMED + suffix);
    }

    /** Lets no client begin another call. Any thread may. */
    public void end() {
        end = true;
    }

    /** Waits for the calls that are in flight: until they are answered or given up. */
    public void awaitEnd() throws Exception {
        working.get(STUCK.toSeconds(), TimeUnit.SECONDS);
    }

    /** Waits until every client can write and read on every shard, after the round has ended. */
    public void serveAll() throws Exception {
        List<CompletableFuture<Void>> served = new ArrayList<>();
        for (int i = 0; i < clients.size(); i++) {
            RecordedClient client = clients.get(i);
            String suffix = "." + round + "." + i;
            served.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            for (int key = 0; key < SERVED_KEYS; key++) {
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

    /** Judges the round, after it has ended. */
    public Judgement judge() throws IOException {
        int wrong = 0;
        int undecided = 0;
        for (int group = 0; group < GROUPS; group++) {
            History history = recorders.get(group).history(vanishing(keys(group)));
            Report report = new Checker().check(history);
            List<Call> overdue = overdue(history);
            wrong += report.violations().size() + overdue.size();
            undecided += report.unknown().size();
            if (!report.isClean() || !overdue.isEmpty()) {
                save(group, history, report, overdue);
            }
        }
        return new Judgement(wrong, undecided);
    }

    private void save(int group, History history, Report report, List<Call> overdue) throws IOException {
        Path file = failures.resolve("seed-%d-round-%d-group-%d.history".formatted(seed, round, group));
        Files.createDirectories(failures);
        HistoryText.save(history, file);
        out.accept("round " + round + ": " + report);
        overdue.forEach(call -> out.accept("round " + round + ": expired before it was read: " + call));
        out.accept("again: ./lockstep-test check " + file.toAbsolutePath());
    }

    /** The log's time may go faster by a twentieth. */
    private static Map<String, Long> vanishing(List<String> keys) {
        long atLeast = RecordedClient.LIFETIME_MILLIS * 20 / 21 - UNCERTAIN_MILLIS;
        return Map.of(keys.get(keys.size() - 1), TimeUnit.MILLISECONDS.toNanos(atLeast));
    }

    /** Or slower. */
    private static List<Call> overdue(History history) {
        long atMost = RecordedClient.LIFETIME_MILLIS * 20 / 19 + UNCERTAIN_MILLIS;
        return history.byKey().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(RecordedClient.TIMED))
                .flatMap(entry -> Overdue.of(entry.getValue(), TimeUnit.MILLISECONDS.toNanos(atMost)).stream())
                .toList();
    }

    @Override
    public void close() {
        end = true;
        threads.shutdownNow();
        clients.forEach(RecordedClient::close);
    }
}
