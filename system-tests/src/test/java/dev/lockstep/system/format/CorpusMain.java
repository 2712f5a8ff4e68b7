package dev.lockstep.system.format;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Folders;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.topology.ClusterVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Writes the clusters that this version adds to the corpus of formats. */
@Command(
        name = "./lockstep-test formats",
        mixinStandardHelpOptions = true,
        description = {
            "Runs three nodes of the present version, with each store, fills them, and packs their data folders.",
            "With the folder system-tests/src/test/formats this adds the present cluster version to the corpus."
        })
public final class CorpusMain implements Callable<Integer> {

    private static final int NODES = 3;
    static final List<String> STORES = List.of("heap", "rocksdb");
    /** The settings with which the clusters in the corpus were formed. */
    static final List<String> SETTINGS = List.of("shards: 2");

    @Parameters(paramLabel = "<folder>", description = "Where the archives are written.")
    private Path folder = Path.of("");

    public static void main(String... arguments) {
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly)));
        System.exit(new CommandLine(new CorpusMain()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(folder);
        for (String store : STORES) {
            CorpusArchive archive = new CorpusArchive(ClusterVersion.NEWEST, store);
            Path home = Files.createTempDirectory("formats");
            try {
                write(archive, home);
                System.out.println("Written: " + folder.resolve(archive.fileName()));
            } finally {
                Folders.delete(home);
            }
        }
        return 0;
    }

    /** The nodes are stopped in between, which takes checkpoints, and killed at the end, which leaves what came after them in the logs. */
    private void write(CorpusArchive archive, Path home) throws IOException {
        try (NodeProcesses nodes = NodeProcesses.start(home, NODES, "store: " + archive.store(), SETTINGS)) {
            try (Clients clients = new Clients("processes", nodes.addresses())) {
                CorpusContent.writeFirstHalf(clients.open());
            }
            nodes.stop();
            nodes.makeWhole();
            try (Clients clients = new Clients("processes", nodes.addresses())) {
                CorpusContent.writeSecondHalf(clients.open());
            }
            NodeProcess.kill(nodes.nodes());
            archive.pack(
                    home, nodes.nodes().stream().map(node -> node.member().id()).toList(), folder);
        }
    }
}
