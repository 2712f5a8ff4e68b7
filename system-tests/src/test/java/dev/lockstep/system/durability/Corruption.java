package dev.lockstep.system.durability;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.FileCorruption;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.system.load.Writers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Three nodes, of which one is stopped, has files of its harmed, and is started again. Then another is killed, so that what the harmed one
 * has is needed: all that was acknowledged must be there. Not thread-safe.
 */
final class Corruption implements AutoCloseable {

    private static final int NODES = 3;
    private static final List<String> SETTINGS = List.of("shards: 3");
    private static final String OF_EACH_NODE = "checkpoint-entries: 300";

    private final Path home;
    private final Random random;
    private final NodeProcesses nodes;
    private final Writers load;
    private final List<String> undetected = new ArrayList<>();
    private int tried;
    private int detected;

    Corruption(Path home, long seed) throws IOException {
        this.home = home;
        random = new Random(seed);
        nodes = NodeProcesses.start(home, NODES, OF_EACH_NODE, SETTINGS);
        try {
            load = new Writers(nodes);
        } catch (RuntimeException failure) {
            nodes.close();
            throw failure;
        }
    }

    /** Writes, harms one file of each of a node's replicas, and looks for what was written. */
    void trial() throws Exception {
        load.begin();
        load.awaitService();
        load.stop();
        load.awaitEnd();
        NodeProcess victim = nodes.node(random.nextInt(NODES));
        if (random.nextBoolean()) {
            victim.close();
        } else {
            victim.kill();
        }
        List<String> harms = new ArrayList<>();
        for (Path replica : replicas(victim)) {
            harms.add(harm(replica));
        }
        victim.restart();
        victim.awaitReady();
        Eventually.holds("it has all that the others have", () -> votesAgain(victim));
        String said = Files.readString(victim.log());
        NodeProcess other =
                nodes.nodes().stream().filter(node -> node != victim).toList().get(random.nextInt(NODES - 1));
        other.kill();
        List<String> lost = load.lost();
        if (!lost.isEmpty()) {
            undetected.add(harms + " of " + victim.member().id() + ": " + lost);
        }
        tried += harms.size();
        detected += count(said, " has lost its state: ")
                + count(said, " has lost its vote: ")
                + count(said, " is corrupt: ")
                + count(said, ": it is cut off");
        other.restart();
        other.awaitReady();
    }

    /** The folders of a node's logs. */
    private List<Path> replicas(NodeProcess node) throws IOException {
        Path logs = home.resolve(node.member().id()).resolve("data");
        try (Stream<Path> all = Files.list(logs)) {
            return all.filter(folder -> Files.isDirectory(folder.resolve("current")))
                    .sorted()
                    .toList();
        }
    }

    private String harm(Path replica) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(replica.resolve("current"))) {
            files = all.filter(file -> !file.getFileName().toString().endsWith(".conf"))
                    .sorted()
                    .toList();
        }
        Path file = files.get(random.nextInt(files.size()));
        FileCorruption harm = FileCorruption.values()[random.nextInt(FileCorruption.values().length)];
        int written = FileCorruption.written(file);
        int at = random.nextInt(Math.max(1, written));
        harm.to(file, at);
        return harm + " " + file.getFileName() + " at " + at + " of " + written;
    }

    private static boolean votesAgain(NodeProcess node) throws IOException {
        String said = Files.readString(node.log());
        return count(said, " rejoins in term ") == count(said, " has caught up and votes again")
                && count(said, " has lost its state: ") <= count(said, " rejoins in term ");
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    /** Counts the replicas by state. */
    Map<ReplicaStatus.State, Long> replicas() {
        return load.replicas();
    }

    /** The undetected losses, each with the corruption that caused it. */
    List<String> undetected() {
        return undetected;
    }

    int tried() {
        return tried;
    }

    int detected() {
        return detected;
    }

    /** Counts the corruptions that were not detected and lost nothing. */
    int harmless() {
        return tried - detected - undetected.size();
    }

    @Override
    public String toString() {
        return "tried=%d detected=%d harmless=%d undetected=%d"
                .formatted(tried, detected, harmless(), undetected.size());
    }

    @Override
    public void close() {
        load.close();
        NodeProcess.kill(nodes.nodes());
    }
}
