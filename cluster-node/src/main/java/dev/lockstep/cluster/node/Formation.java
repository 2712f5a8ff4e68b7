package dev.lockstep.cluster.node;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.Settings.NodeSettings;
import dev.lockstep.protocol.settings.SettingsException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a cluster was formed with, and can't be changed afterwards because keys would be looked for in other shards, and shards
 * on other nodes. Kept beside the logs from the first start on, and compared with the settings at each.
 */
final class Formation {

    private static final String FILE = "formation";

    private Formation() {}

    /**
     * Compares, or writes down at the first start.
     *
     * @throws SettingsException when the settings differ, naming how
     * @throws IOException when the folder can't be used
     */
    static void check(Settings settings, NodeSettings own) throws IOException {
        List<String> now = facts(settings, own);
        Path file = Files.createDirectories(own.data()).resolve(FILE);
        Path besideLogs = Files.createDirectories(own.raftLog()).resolve(FILE);
        if (!Files.exists(file)) {
            write(besideLogs, now); // before the one that will ask for it
            write(file, now);
        }
        if (!Files.exists(besideLogs)) {
            throw new SettingsException("The Raft logs of node " + own.id() + " are not in " + own.raftLog()
                    + " any more; a folder in memory is lost with a restart of the machine. A node without its logs has"
                    + " forgotten what it voted for and acknowledged, so it must not take part as " + own.id()
                    + ". Put the logs back, or form the cluster anew with empty data folders");
        }
        compare(Files.readAllLines(file), now, own.data());
        compare(Files.readAllLines(besideLogs), now, own.raftLog());
    }

    private static void compare(List<String> then, List<String> now, Path folder) {
        if (!then.equals(now)) {
            throw new SettingsException("The cluster was formed with other settings, which can't be changed: "
                    + difference(then, now) + ". Put them back, or start with an empty folder instead of " + folder);
        }
    }

    private static List<String> facts(Settings settings, NodeSettings own) {
        String members = settings.members().stream()
                .map(member -> member.id().name())
                .sorted()
                .collect(Collectors.joining(","));
        return List.of(
                "cluster: " + settings.cluster(),
                "node: " + own.id(),
                "members: " + members,
                "shards: " + settings.shards(),
                "replication-factor: " + settings.replicationFactor());
    }

    private static String difference(List<String> then, List<String> now) {
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < now.size(); i++) {
            String before = i < then.size() ? then.get(i) : "nothing";
            if (!before.equals(now.get(i))) {
                differences.add("\"" + before + "\" is now \"" + now.get(i) + "\"");
            }
        }
        return String.join("; ", differences);
    }

    /** Whole or not at all. */
    private static void write(Path file, List<String> facts) throws IOException {
        Path draft = file.resolveSibling(FILE + ".draft");
        Files.write(draft, facts);
        try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
