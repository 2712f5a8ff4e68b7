package dev.lockstep.system.durability;

import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.system.load.Writers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Three nodes, each with its Raft logs on a disk of its own, that all lose power at once under load, and are started again. Not
 * thread-safe.
 */
final class PowerCut implements AutoCloseable {

    private static final int NODES = 3;
    /** The logs of a run are kept whole. */
    private static final int MEGABYTES = 1024;

    private static final int MAX_WAIT_MILLIS = 400;

    private final Random random;
    private final Path home;
    private final int syncMillis;
    private final @Nullable FaultyCalls slow;
    private final List<LoopDisk> disks = new ArrayList<>();
    private final NodeProcesses nodes;
    private final Writers load;
    private final List<String> lost = new ArrayList<>();
    private int cuts;

    /**
     * @param durability as in the configuration
     * @param syncMillis how much longer each sync of a log takes, as on a slow disk; for more than none, gcc is needed
     */
    PowerCut(Path home, String durability, int syncMillis, long seed) throws IOException {
        random = new Random(seed);
        this.home = home;
        this.syncMillis = syncMillis;
        Files.createDirectories(home);
        try {
            List<MemberPorts> members = MemberPorts.reserve(NODES);
            for (MemberPorts member : members) {
                disks.add(LoopDisk.create(home, "disk-" + member.id(), MEGABYTES));
            }
            slow = syncMillis == 0 ? null : FaultyCalls.compile(home, home.resolve("disk-"));
            nodes = NodeProcesses.start(
                    home,
                    members,
                    id -> configuration(id, members, durability, home.resolve("disk-" + id)),
                    slow == null ? Map.of() : slow.environment());
        } catch (IOException | RuntimeException failure) {
            closeDisks();
            throw failure;
        }
        try {
            load = new Writers(nodes);
        } catch (RuntimeException failure) {
            NodeProcess.kill(nodes.nodes());
            closeDisks();
            throw failure;
        }
    }

    /** The configuration of a node that keeps its Raft logs in a folder of their own. */
    static String configuration(String id, List<MemberPorts> members, String durability, Path disk) {
        return NodeProcesses.configuration(id, members, "shards: 4")
                .replace(
                        "data: data",
                        "data: data, durability: %s, raft-log-dir: \"%s\"".formatted(durability, logs(disk)));
    }

    /** Cuts the power, starts everything again, and compares. */
    void cut() throws Exception {
        load.begin();
        if (slow != null) {
            slow.slowLogSyncs(syncMillis);
        }
        load.awaitService();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(MAX_WAIT_MILLIS)));
        cutAndMount();
        for (NodeProcess node : nodes.nodes()) {
            node.restart();
        }
        load.awaitEnd();
        for (NodeProcess node : nodes.nodes()) {
            node.awaitReady();
        }
        lost.addAll(load.lost());
        cuts++;
    }

    private void cutAndMount() throws IOException {
        LoopDisk.cutPower(disks);
        NodeProcess.kill(nodes.nodes());
        load.stop();
        if (slow != null) {
            slow.mend();
        }
        for (LoopDisk disk : disks) {
            disk.unmount();
            disk.mount();
        }
        for (NodeProcess node : nodes.nodes()) {
            machineWentDown(logs(home.resolve("disk-" + node.member().id())));
        }
    }

    private static Path logs(Path disk) {
        return disk.resolve("raft");
    }

    /** This machine did not; so what a node has written down of the life in which it runs is made one of an earlier. */
    private static void machineWentDown(Path logs) throws IOException {
        Path running = logs.resolve("running");
        if (Files.exists(running)) { // only of those that sync in the background
            Files.writeString(running, "an earlier life\n");
        }
    }

    /** The acknowledged writes that are lost, a line for each. */
    List<String> lost() {
        return lost;
    }

    @Override
    public String toString() {
        return "cuts=%d acknowledged=%d lost=%d".formatted(cuts, load.acknowledged(), lost.size());
    }

    @Override
    public void close() throws IOException {
        load.close();
        NodeProcess.kill(nodes.nodes());
        closeDisks();
    }

    private void closeDisks() throws IOException {
        for (LoopDisk disk : disks) {
            disk.close();
        }
    }
}
