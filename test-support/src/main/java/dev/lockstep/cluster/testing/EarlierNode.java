package dev.lockstep.cluster.testing;

import dev.lockstep.cluster.node.NodeMain;
import dev.lockstep.protocol.topology.ClusterVersion;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A node as a process that can do the first cluster version and no other, as a version of Lockstep before the present one could. */
public final class EarlierNode {

    private static final ClusterVersion ONLY = new ClusterVersion(1);

    private EarlierNode() {}

    /** @param arguments {@code --config} and a file */
    public static void main(String[] arguments) throws InterruptedException {
        System.exit(NodeMain.run(
                Path.of(arguments[1]),
                new ClusterVersion.Range(ONLY, ONLY),
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8)));
    }
}
