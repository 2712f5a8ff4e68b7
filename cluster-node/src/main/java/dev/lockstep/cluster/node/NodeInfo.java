package dev.lockstep.cluster.node;

import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.topology.NodeId;
import java.lang.management.ManagementFactory;
import java.util.Objects;

/** The description of a node, its version and its JVM. Stateless. */
final class NodeInfo {

    private NodeInfo() {}

    /** The version of Lockstep. */
    static String version() {
        return Objects.requireNonNullElse(NodeInfo.class.getPackage().getImplementationVersion(), "(not from a jar)");
    }

    /** Describes a node and its JVM. */
    static String json(NodeId node, Settings settings) {
        var runtime = ManagementFactory.getRuntimeMXBean();
        return Json.object(
                "node",
                node.name(),
                "cluster",
                settings.cluster(),
                "version",
                version(),
                "java",
                Runtime.version().toString(),
                "vm",
                runtime.getVmName(),
                "pid",
                ProcessHandle.current().pid(),
                "processors",
                Runtime.getRuntime().availableProcessors(),
                "maxHeapBytes",
                Runtime.getRuntime().maxMemory(),
                "uptimeSeconds",
                runtime.getUptime() / 1000);
    }
}
