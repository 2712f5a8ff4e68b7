package dev.lockstep.cluster.node;

import dev.lockstep.cluster.files.SmallFile;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.Settings.NodeSettings;
import dev.lockstep.protocol.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The facts that a cluster was formed with and that are the same for ever. Kept with the data once a node has taken part, and compared
 * with the settings at each start.
 */
final class FormationFile {

    private static final String FILE = "formation";

    private FormationFile() {}

    /**
     * Compares, if there is something to compare with.
     *
     * @return whether this node has taken part before
     * @throws SettingsException when the settings differ, naming how
     * @throws IOException when the folder can't be used
     */
    static boolean check(Settings settings, NodeSettings own) throws IOException {
        Path file = Files.createDirectories(own.data()).resolve(FILE);
        if (!Files.exists(file)) {
            return false;
        }
        List<String> then = Files.readAllLines(file);
        List<String> now = facts(settings, own);
        if (!then.equals(now)) {
            throw new SettingsException("The cluster was formed with other settings, which can't be changed: "
                    + difference(then, now) + ". Put them back, or start with an empty folder instead of "
                    + own.data());
        }
        return true;
    }

    /** Records that this node is part of the cluster. */
    static void record(Settings settings, NodeSettings own) throws IOException {
        SmallFile.write(own.data().resolve(FILE), String.join("\n", facts(settings, own)) + "\n");
    }

    private static List<String> facts(Settings settings, NodeSettings own) {
        return List.of(
                "cluster: " + settings.cluster(),
                "node: " + own.id(),
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
}
