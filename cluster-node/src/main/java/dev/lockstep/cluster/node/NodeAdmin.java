package dev.lockstep.cluster.node;

import dev.lockstep.cluster.admin.AdminPage;
import dev.lockstep.cluster.admin.AdminPage.Answer;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.topology.NodeId;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The pages of a node's admin port. Thread-safe. */
final class NodeAdmin {

    private static final List<String> NOT_JOINED =
            List.of("the node waits for other members, or to be added to the cluster");

    private final NodeId node;
    private final Settings settings;
    private final NodeMetering metering;
    private volatile @Nullable NodeHealth health;

    NodeAdmin(NodeId node, Settings settings, NodeMetering metering) {
        this.node = node;
        this.settings = settings;
        this.metering = metering;
    }

    /** Takes the node's health once it has joined its cluster. */
    void joined(NodeHealth now) {
        health = now;
    }

    Map<String, AdminPage> pages() {
        return Map.of(
                "/metrics", new AdminPage(false, (accept, monitors) -> metering.page(accept)),
                "/info", new AdminPage(false, (accept, monitors) -> Answer.json(true, NodeInfo.json(node, settings))),
                "/health/started", health(NodeHealth::started, NOT_JOINED),
                "/health/live", health(NodeHealth::live, List.of()),
                "/health/ready", health(NodeHealth::ready, NOT_JOINED));
    }

    private AdminPage health(Function<NodeHealth, List<String>> judgement, List<String> before) {
        return new AdminPage(true, (accept, monitors) -> {
            NodeHealth now = health;
            List<String> problems = now == null ? before : judgement.apply(now);
            boolean isWell = problems.isEmpty();
            String status = isWell ? "UP" : "DOWN";
            // A stranger learns that something is wrong, and not what.
            return Answer.json(
                    isWell,
                    monitors ? Json.object("status", status, "problems", problems) : Json.object("status", status));
        });
    }
}
