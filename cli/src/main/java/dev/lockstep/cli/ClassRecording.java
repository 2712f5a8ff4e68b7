package dev.lockstep.cli;

import dev.lockstep.cluster.node.Node;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.SettingsReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Starts a node of its own on loopback, asks it for the state of its replicas, and exits: a JVM that archives the classes it has
 * loaded then has those that the start of a node needs. Exits with 1 if the node is not ready in time.
 */
public final class ClassRecording {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private ClassRecording() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        System.exit(record() ? 0 : 1);
    }

    /** @return whether the node was ready and has answered */
    private static boolean record() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("lockstep-recording");
        String address = "127.0.0.1:" + freePort();
        Path config = Files.writeString(
                folder.resolve("lockstep.yaml"),
                "cluster: recording\nnode: {id: n1}\nmembers:\n  - {id: n1, address: \"" + address
                        + "\"}\nshards: 1\n");
        PrintWriter out = new PrintWriter(Writer.nullWriter());
        EventLoop loop = EventLoop.threaded("lockstep-node");
        try (Node node = new Node(SettingsReader.fromFile(config), Time.system(), loop)) {
            return node.awaitReady(PATIENCE)
                    && CliMain.run(
                                    new String[] {"shard", "status", "--servers", address, "--cluster", "recording"},
                                    out,
                                    out)
                            == 0;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
