package dev.lockstep.system.durability;

import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.system.load.Writers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Three nodes that are killed under load and started again; all that was acknowledged must be there then. Not thread-safe. */
final class Crash implements AutoCloseable {

    private static final int NODES = 3;
    private static final List<String> SETTINGS = List.of("shards: 4");
    /**
     * The number of entries that some two cycles write to a shard: so there are checkpoints, and kills while they are
     * taken.
     */
    private static final String OF_EACH_NODE = "checkpoint-entries: 100";

    private static final int MAX_WAIT_MILLIS = 400;

    /** The nodes killed at once. */
    enum Victims {
        ONE(1),
        MAJORITY(2),
        ALL(NODES);

        private final int count;

        Victims(int count) {
            this.count = count;
        }
    }

    private final Random random;
    private final NodeProcesses nodes;
    private final Writers load;
    private final Map<Victims, Integer> killed = new EnumMap<>(Victims.class);
    private final List<String> lost = new ArrayList<>();
    private int cycles;

    Crash(Path home, long seed) throws IOException {
        random = new Random(seed);
        nodes = NodeProcesses.start(home, NODES, OF_EACH_NODE, SETTINGS);
        try {
            load = new Writers(nodes);
        } catch (RuntimeException failure) {
            nodes.close();
            throw failure;
        }
    }

    /** Kills, restarts, and compares. */
    void cycle() throws Exception {
        load.begin();
        load.awaitService();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(MAX_WAIT_MILLIS)));
        Victims which = Victims.values()[random.nextInt(Victims.values().length)];
        List<NodeProcess> victims = new ArrayList<>(nodes.nodes());
        Collections.shuffle(victims, random);
        victims.subList(which.count, NODES).clear();
        NodeProcess.kill(victims);
        if (which == Victims.ONE) {
            load.awaitService();
        }
        // What is written after the restart would hide that something before is missing.
        load.stop();
        for (NodeProcess victim : victims) {
            victim.restart();
        }
        load.awaitEnd();
        for (NodeProcess victim : victims) {
            victim.awaitReady();
        }
        lost.addAll(load.lost());
        killed.merge(which, 1, Integer::sum);
        cycles++;
    }

    /** The acknowledged writes that are lost, a line for each. */
    List<String> lost() {
        return lost;
    }

    /** Counts the kills by their victims. */
    Map<Victims, Integer> killed() {
        return killed;
    }

    @Override
    public String toString() {
        return "cycles=%d acknowledged=%d lost=%d".formatted(cycles, load.acknowledged(), lost.size());
    }

    @Override
    public void close() {
        load.close();
        NodeProcess.kill(nodes.nodes());
    }
}
