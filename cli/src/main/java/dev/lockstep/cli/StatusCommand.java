package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Tells whether a cluster is whole, and what it lacks or waits for. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = "Tells whether a cluster is whole, and what it lacks or waits for.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:it is whole",
            "1:a shard or the control group has no leader, or no node answers",
            "2:the command line is wrong",
            "3:all shards are served, but something is missing or under way"
        })
final class StatusCommand implements Callable<Integer> {

    private static final int WHOLE = 0;
    private static final int NOT_SERVED = 1;
    private static final int INCOMPLETE = 3;

    @Mixin
    private ClusterOptions options = new ClusterOptions();

    @Override
    public Integer call() {
        return options.run(session -> report(session, options));
    }

    static Report report(Session session, ClusterOptions options) {
        Map<Member, List<ReplicaStatus>> answers = ClusterOptions.join(session.replicas());
        ClusterView view = session.view();
        NodeId drained = drained(session, answers.values());
        ClusterHealth health = ClusterHealth.of(view, answers, drained);
        List<String> lines = new ArrayList<>();
        lines.add("Cluster " + view.cluster() + ": " + health.up() + " of "
                + view.members().size() + " nodes up, " + view.map().shards() + " shards, "
                + (health.served() ? "all served" : "not all served"));
        lines.addAll(health.findings());
        if (options.isInsecure(view)) {
            lines.add(
                    "insecure: neither encryption nor users; whoever reaches the nodes can read and change everything");
        }
        int code = !health.served() ? NOT_SERVED : health.findings().isEmpty() ? WHOLE : INCOMPLETE;
        return new Report(
                String.join(System.lineSeparator(), lines),
                Json.object(
                        "cluster",
                        view.cluster(),
                        "nodes",
                        view.members().size(),
                        "up",
                        health.up(),
                        "shards",
                        view.map().shards(),
                        "served",
                        health.served(),
                        "findings",
                        health.findings(),
                        "insecure",
                        options.isInsecure(view)),
                code);
    }

    /** Only the leader of the control group knows for certain; without one nobody is asked. */
    private static @Nullable NodeId drained(Session session, Collection<List<ReplicaStatus>> answers) {
        boolean led = answers.stream()
                .flatMap(List::stream)
                .anyMatch(replica -> replica.group() == ShardMap.CONTROL_GROUP && replica.leads());
        return led ? ClusterOptions.join(session.drained()).node() : null;
    }
}
