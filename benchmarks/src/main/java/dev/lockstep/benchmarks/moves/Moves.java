package dev.lockstep.benchmarks.moves;

import dev.lockstep.benchmarks.Entries;
import dev.lockstep.benchmarks.Workload;
import dev.lockstep.benchmarks.process.Progress;
import dev.lockstep.benchmarks.process.Scratch;
import dev.lockstep.cluster.testing.NodeProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Measures how long a cluster takes to take a node in, to drain one, to fail over and to replace one, and what that costs the puts of a
 * client meanwhile. Arguments: a folder on disk, where the nodes' data are kept meanwhile; and {@code --quick} for a run of less than
 * four minutes, with a tenth of the entries. The exit code is 1 if a put failed.
 */
final class Moves {

    private static final int SHARDS = 16;
    private static final int CALLERS = 64;
    /**
     * The part of the puts a second that the cluster sustains. A put that comes alone costs several times as much as one of a full batch, so that
     * this takes about a third of the CPU, and leaves the rest to what moves take.
     */
    private static final double PART_OF_MAXIMUM = 1.0 / 8;

    private static final Effort QUICK = new Effort(100_000, 1, 20, 4, 15);
    private static final Effort FULL = new Effort(1_000_000, 3, 60, 10, 60);

    private final Effort effort;
    private final Report report = new Report();

    /**
     * @param warmUpSeconds with as many puts as possible
     * @param maximumSeconds in which the puts are counted that are possible
     * @param beforeSeconds of puts alone
     */
    private record Effort(int entries, int repetitions, int warmUpSeconds, int maximumSeconds, int beforeSeconds) {}

    /** Something that takes some time. */
    private interface Act {
        void run(Window window) throws Exception;
    }

    private Moves(Effort effort) {
        this.effort = effort;
    }

    public static void main(String[] arguments) throws Exception {
        List<String> options = List.of(arguments).subList(1, arguments.length);
        if (!options.isEmpty() && !options.equals(List.of("--quick"))) {
            System.err.println("lockstep-bench: moves takes --quick or nothing, not " + options);
            System.exit(2);
        }
        Path disk = new Scratch(Path.of(arguments[0])).storages().get(0).folder();
        Moves moves = new Moves(options.isEmpty() ? FULL : QUICK);
        for (int repetition = 1; repetition <= moves.effort.repetitions(); repetition++) {
            Progress.tell("repetition " + repetition + " of " + moves.effort.repetitions());
            moves.measure(disk.resolve(Integer.toString(repetition)));
        }
        moves.print();
        System.exit(moves.report.failed() == 0 ? 0 : 1);
    }

    private void measure(Path home) throws Exception {
        try (OperatedCluster cluster = new OperatedCluster(home, SHARDS)) {
            Entries entries = Entries.create(cluster.session());
            entries.fill(effort.entries());
            tell("%,d entries are written", effort.entries());
            Workload most = new Workload(
                    "puts",
                    CALLERS,
                    number -> entries.put(number % effort.entries()).join());
            most.run(effort.warmUpSeconds());
            double maximum = most.run(effort.maximumSeconds()).rate();
            int rate = (int) (maximum * PART_OF_MAXIMUM);
            tell("%d callers put %.0f entries a second; now %d a second", CALLERS, maximum, rate);
            Puts puts = new Puts(entries, effort.entries(), rate);
            try {
                measure(cluster, puts);
            } finally {
                puts.close();
                report.addFailed(puts.failed());
            }
        }
    }

    private void measure(OperatedCluster cluster, Puts puts) throws Exception {
        cluster.awaitBalance();
        phase(Report.BEFORE, puts, window -> TimeUnit.SECONDS.sleep(effort.beforeSeconds()));

        NodeProcess[] fourth = new NodeProcess[1];
        phase(Report.JOIN, puts, window -> fourth[0] = cluster.join());
        int hosts = cluster.hosts(fourth[0]);
        tell("it hosts %d of %d shards, about %,d entries", hosts, SHARDS, (long) effort.entries() * hosts / SHARDS);
        cluster.awaitBalance();

        NodeProcess drained = cluster.leadsMost(List.of());
        phase(Report.DRAIN, puts, window -> cluster.drain(drained));
        phase(Report.UNDRAIN, puts, window -> cluster.undrain(drained));

        NodeProcess killed = cluster.leadsMost(List.of());
        List<Integer> shards = cluster.shardsLedBy(killed);
        tell("%s leads %d shards", killed.member().id(), shards.size());
        phase(Report.FAIL_OVER, puts, window -> kill(killed, shards, window));
        phase(Report.RESTART, puts, window -> cluster.restart(killed));

        NodeProcess lost = cluster.leadsMost(List.of(killed));
        List<Integer> lostShards = cluster.shardsLedBy(lost);
        phase(Report.REMOVE, puts, window -> {
            kill(lost, lostShards, window);
            cluster.remove(lost);
        });
        phase(Report.ADD, puts, window -> cluster.join());
    }

    /** Returns when others serve the shards that the node has led. */
    private static void kill(NodeProcess node, List<Integer> shards, Window window) throws InterruptedException {
        node.kill();
        long since = System.nanoTime();
        OperatedCluster.await("not all shards are served", () -> window.isServedSince(since, shards));
    }

    private void phase(String name, Puts puts, Act act) throws Exception {
        Window window = puts.next();
        act.run(window);
        double seconds = window.seconds();
        double gap = window.longestGap();
        puts.next();
        window.await(OperatedCluster.PATIENCE);
        Phase phase = new Phase(seconds, window.outcome(seconds), gap, window.failed());
        report.add(name, phase);
        tell(
                "%s: %.1f s, p99 of %d puts %.1f ms, longest gap of a shard %.2f s",
                name, seconds, phase.puts().operations(), phase.puts().p99() / 1e3, gap);
    }

    private void print() {
        System.out.printf(
                Locale.ROOT,
                "%nMoves with %,d entries in %d shards; median [lowest-highest] of %d%n%s%n%s%n",
                effort.entries(),
                SHARDS,
                effort.repetitions(),
                report.table(),
                report.summary());
    }

    private static void tell(String format, Object... values) {
        Progress.tell(String.format(Locale.ROOT, format, values));
    }
}
