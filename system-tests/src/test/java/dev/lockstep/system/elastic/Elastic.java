package dev.lockstep.system.elastic;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.system.elastic.ElasticPlan.Act;
import dev.lockstep.system.elastic.ElasticPlan.Victim;
import dev.lockstep.system.load.RecordedLoad;
import dev.lockstep.system.load.Writers;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A cluster that is changed in one phase after the other, while clients whose histories are checked use it, and others write numbers that
 * must all be there after each phase. Not thread-safe.
 */
final class Elastic implements AutoCloseable {

    private static final int WRITERS = 2;
    /** Longer than any call may take while a majority is reachable: one that fails is a fault. */
    private static final Duration PATIENT = Duration.ofSeconds(10);
    /** Between the writes of a client, so that the nodes have some CPU left to be started and moved with. */
    private static final Duration PAUSE = Duration.ofMillis(5);

    private static final int TRIES = 10;
    private static final int LONGEST_WAIT_MILLIS = 200;
    private static final Duration STUCK = Duration.ofMinutes(3);

    private final long startNanos = System.nanoTime();
    private final Consumer<String> out;
    private final ElasticTally tally;
    private final ElasticCluster cluster;
    private final RecordedLoad recorded;
    private final Writers writers;
    private final ExecutorService threads = Executors.newFixedThreadPool(2);
    private final CompletableFuture<Void> recording;
    private final Random random;
    private volatile boolean over;

    /**
     * Starts the first node, and the clients.
     *
     * @param home for the nodes
     * @param failures gets the histories that are wrong
     * @param out takes a line for each phase, and what is wrong
     */
    Elastic(Path home, Path failures, long seed, Consumer<String> out) throws IOException {
        this.out = out;
        random = new Random(seed);
        tally = new ElasticTally(out);
        cluster = new ElasticCluster(home);
        try {
            recorded = new RecordedLoad(cluster::uri, seed, tally, failures, out);
        } catch (RuntimeException failure) {
            cluster.close();
            throw failure;
        }
        try {
            writers = new Writers(timeout -> cluster.uri(0, timeout), WRITERS, PATIENT, PAUSE, tally::refused);
        } catch (RuntimeException failure) {
            recorded.close();
            cluster.close();
            throw failure;
        }
        writers.begin();
        recording = CompletableFuture.runAsync(this::record, threads);
    }

    ElasticTally tally() {
        return tally;
    }

    int nodes() {
        return cluster.nodes().size();
    }

    /** Calls and judges in one round after the other, until it is over. */
    private void record() {
        try {
            while (!over) {
                recorded.begin();
                recorded.awaitEnd();
                tally.judged(recorded.judge());
            }
        } catch (Exception failure) {
            throw new IllegalStateException("The recorded clients have stopped", failure);
        }
    }

    /** Goes through a phase, waits until the cluster is whole, and compares what is there with what was acknowledged. */
    void run(ElasticPlan.Phase phase) throws Exception {
        long beganNanos = System.nanoTime();
        change(phase);
        cluster.awaitWhole();
        compare();
        tally.phaseEnded();
        long nanos = System.nanoTime();
        out.accept("t=%ds %s: %d ms, %d nodes, %s"
                .formatted(
                        TimeUnit.NANOSECONDS.toSeconds(nanos - startNanos),
                        phase,
                        TimeUnit.NANOSECONDS.toMillis(nanos - beganNanos),
                        nodes(),
                        tally));
    }

    private void change(ElasticPlan.Phase phase) throws Exception {
        if (phase instanceof ElasticPlan.Grow grow) {
            grow(grow.nodes());
        } else if (phase instanceof ElasticPlan.Shrink shrink) {
            while (nodes() > shrink.nodes()) {
                NodeProcess node = any(cluster.nodes());
                changed(() -> cluster.operate(cluster.removing(node)));
                cluster.forget(node);
            }
        } else if (phase instanceof ElasticPlan.Replace) {
            NodeProcess node = any(cluster.nodes());
            node.kill();
            changed(() -> cluster.operate(cluster.removing(node)));
            cluster.forget(node);
            grow(nodes() + 1);
        } else if (phase instanceof ElasticPlan.RollingRestart) {
            for (NodeProcess node : cluster.nodes()) {
                cluster.restart(node);
                node.awaitReady();
                cluster.awaitWhole();
            }
        } else if (phase instanceof ElasticPlan.RollingUpgrade) {
            cluster.beginUpgrade();
            for (NodeProcess node : cluster.nodes()) {
                cluster.restart(node);
                node.awaitReady();
                cluster.awaitWhole();
            }
            cluster.finishUpgrade();
        } else if (phase instanceof ElasticPlan.Interrupt interrupt) {
            interrupt(interrupt.victim(), interrupt.act());
        }
    }

    private <T> T any(List<T> some) {
        return some.get(random.nextInt(some.size()));
    }

    /** Starts as many nodes as are missing, and has them added one by one. */
    private void grow(int nodes) throws Exception {
        List<NodeProcess> fresh = new ArrayList<>();
        for (int i = nodes(); i < nodes; i++) {
            fresh.add(cluster.start());
        }
        for (NodeProcess node : fresh) {
            changed(() -> cluster.operate(cluster.adding(node)));
            node.awaitReady();
        }
    }

    /** A change of the layout. */
    private interface Change {
        void make() throws Exception;
    }

    /** Makes a change, and counts the replicas that have come to other nodes by it once the cluster is whole. */
    private void changed(Change change) throws Exception {
        Layout before = cluster.layout();
        change.make();
        cluster.awaitWhole();
        Layout after = cluster.layout();
        tally.moved((int) after.groups()
                .mapToLong(group -> after.hostsOf(group).stream()
                        .filter(host -> !before.hostsOf(group).contains(host))
                        .count())
                .sum());
    }

    /**
     * Has a node killed in the middle of an act, and restarted; once more with another act if that was done before. The act has to come
     * about, and its command to succeed.
     */
    private void interrupt(Victim victim, Act act) throws Exception {
        for (int i = 0; i < TRIES; i++) {
            NodeProcess leaving = any(cluster.nodes());
            List<String> command = act == Act.REMOVAL ? cluster.removing(leaving) : moving(cluster.layout());
            boolean[] midway = new boolean[1];
            changed(() -> midway[0] = interrupted(command, victim));
            if (act == Act.REMOVAL) {
                cluster.forget(leaving);
            }
            if (midway[0]) {
                tally.interrupted();
                return;
            }
            if (act == Act.REMOVAL) {
                grow(nodes() + 1);
            }
        }
        throw new AssertionError(TRIES + " times the " + act + " was done before the " + victim + " could be killed");
    }

    private List<String> moving(Layout layout) {
        List<List<String>> moves = new ArrayList<>();
        layout.groups().filter(group -> group != ShardMap.CONTROL_GROUP).forEach(shard -> {
            for (NodeId from : layout.hostsOf(shard)) {
                for (Member to : layout.members()) {
                    if (!layout.places(shard, to.id())) {
                        moves.add(cluster.moving(shard, from, to.id()));
                    }
                }
            }
        });
        return any(moves);
    }

    /** @return whether groups were still being moved after the node was killed */
    private boolean interrupted(List<String> command, Victim victim) throws Exception {
        String servers = cluster.addresses();
        CompletableFuture<Void> done = CompletableFuture.runAsync(() -> cluster.operate(command, servers), threads);
        NodeProcess killed = find(victim, done);
        boolean midway = false;
        if (killed != null) {
            isDone(done, Duration.ofMillis(random.nextInt(LONGEST_WAIT_MILLIS)));
            killed.kill();
            midway = !cluster.layout().moves().isEmpty();
            cluster.resume(killed);
        }
        done.get(STUCK.toSeconds(), TimeUnit.SECONDS);
        if (killed != null && cluster.layout().member(new NodeId(killed.member().id())) != null) {
            killed.awaitReady();
        }
        return midway;
    }

    /** The node that is to be killed, as soon as groups are being moved; null if the act was done before that was seen. */
    private @Nullable NodeProcess find(Victim victim, CompletableFuture<Void> done) throws Exception {
        try (Clients clients = cluster.operators()) {
            Session session = clients.open();
            while (!done.isDone()) {
                Layout layout = session.currentView().join().layout();
                NodeId node = null;
                for (Map.Entry<Integer, Layout.Move> move : layout.moves().entrySet()) {
                    if (node == null && (move.getKey() != ShardMap.CONTROL_GROUP || victim == Victim.COORDINATOR)) {
                        node = victim(victim, session, move.getKey(), layout);
                    }
                }
                if (node != null) {
                    return cluster.node(node);
                }
            }
            return null;
        }
    }

    private @Nullable NodeId victim(Victim victim, Session session, int group, Layout layout) {
        return switch (victim) {
            case COORDINATOR -> cluster.leader(session, ShardMap.CONTROL_GROUP);
            case SHARD_LEADER -> cluster.leader(session, group);
            case TARGET ->
                layout.targetOf(group).stream()
                        .filter(node -> !layout.hostsOf(group).contains(node))
                        .findFirst()
                        .orElse(null);
        };
    }

    private static boolean isDone(CompletableFuture<Void> work, Duration atMost) throws Exception {
        try {
            work.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException late) {
            return false;
        }
    }

    /** Has the writers pause, since what is written later would hide that something is missing. */
    private void compare() throws Exception {
        writers.stop();
        writers.awaitEnd();
        tally.compared(writers.acknowledged(), writers.lost());
        if (recording.isDone()) {
            recording.get(); // tells why
        }
        writers.begin();
        writers.awaitService();
    }

    /** Ends the load, after every client has been served once more. */
    void end() throws Exception {
        over = true;
        recorded.end();
        recording.get(STUCK.toSeconds(), TimeUnit.SECONDS);
        recorded.serveAll();
        writers.stop();
        writers.awaitEnd();
        tally.compared(writers.acknowledged(), writers.lost());
    }

    @Override
    public void close() {
        over = true;
        recorded.end();
        try {
            recording.get(STUCK.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception ended) {
            // It was told before, or what is closed below ends it.
        }
        recorded.close();
        writers.close();
        threads.shutdownNow();
        cluster.close();
    }
}
