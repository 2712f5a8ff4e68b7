package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The versions of a cluster and its nodes, while it is upgraded node by node. */
@Command(
        name = "cluster",
        mixinStandardHelpOptions = true,
        description = "Prints the versions of a cluster and its nodes, and finishes an upgrade.",
        subcommands = {ClusterCommand.Versions.class, ClusterCommand.Finalize.class})
final class ClusterCommand {

    private static Upgrade upgrade(ClusterView view, Map<Member, Reply.Versions> answers) {
        Map<NodeId, Optional<ClusterVersion.Range>> able = new TreeMap<>();
        view.members()
                .forEach(member -> able.put(
                        member.id(), Optional.ofNullable(answers.get(member)).map(Reply.Versions::able)));
        return Upgrade.of(view.layout().clusterVersion(), able);
    }

    /** One line for each node, and what comes next. */
    @Command(
            name = "status",
            mixinStandardHelpOptions = true,
            description = "Prints the version of a cluster, and which versions its nodes run and can do.",
            exitCodeListHeading = "Exit codes:%n",
            exitCodeList = {
                "0:the cluster has the newest version that its nodes can do, and all of them answer",
                "1:it failed",
                "2:the command line is wrong",
                "3:nodes can do a newer version, or do not answer"
            })
    static final class Versions implements Callable<Integer> {

        private static final int NOT_OVER = 3;

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Override
        public Integer call() {
            return options.run(Versions::report);
        }

        static Report report(Session session) {
            ClusterView view = ClusterOptions.join(session.currentView());
            Map<Member, Reply.Versions> answers = ClusterOptions.join(session.versions());
            Upgrade upgrade = upgrade(view, answers);
            List<String> lines = new ArrayList<>();
            lines.add("Cluster " + view.cluster() + " has version " + upgrade.now() + ". " + upgrade.next());
            lines.add(row("NODE", "ADDRESS", "LOCKSTEP", "CLUSTER VERSIONS"));
            List<Json.Nested> nodes = new ArrayList<>();
            for (Member member : view.members()) {
                Reply.Versions versions = answers.get(member);
                String address = member.host() + ":" + member.port();
                lines.add(row(
                        member.id().name(),
                        address,
                        versions == null ? "no answer" : versions.software(),
                        versions == null ? "" : words(versions.able())));
                nodes.add(json(member.id(), address, versions));
            }
            return new Report(
                    String.join(System.lineSeparator(), lines),
                    Json.object(
                            "cluster",
                            view.cluster(),
                            "version",
                            upgrade.now().number(),
                            "newest",
                            upgrade.newest().number(),
                            "canBeFinalized",
                            upgrade.canBeFinalized(),
                            "waitsFor",
                            upgrade.obstacles(),
                            "nodes",
                            nodes),
                    upgrade.isOver() && upgrade.obstacles().isEmpty() ? 0 : NOT_OVER);
        }

        private static Json.Nested json(NodeId node, String address, Reply.@Nullable Versions versions) {
            return new Json.Nested(
                    versions == null
                            ? Json.object("node", node.name(), "address", address, "answers", false)
                            : Json.object(
                                    "node",
                                    node.name(),
                                    "address",
                                    address,
                                    "answers",
                                    true,
                                    "lockstep",
                                    versions.software(),
                                    "oldest",
                                    versions.able().oldest().number(),
                                    "newest",
                                    versions.able().newest().number()));
        }

        private static String words(ClusterVersion.Range able) {
            return able.oldest().equals(able.newest())
                    ? able.oldest().toString()
                    : able.oldest() + " to " + able.newest();
        }

        private static String row(String... cells) {
            return "%-12s %-24s %-20s %s".formatted((Object[]) cells).stripTrailing();
        }
    }

    /** Raises the version of the cluster, after which no node can go back. */
    @Command(
            name = "finalize",
            mixinStandardHelpOptions = true,
            description = {
                "Raises the version of a cluster to the newest that its nodes can do, after all were updated.",
                "From then on no node can go back to the version of Lockstep before. Refused as long as a node can't do it, or does not answer."
            })
    static final class Finalize implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Override
        public Integer call() {
            return options.run(Finalize::raise);
        }

        private static Report raise(Session session) {
            ClusterView view = ClusterOptions.join(session.currentView());
            Upgrade upgrade = upgrade(view, ClusterOptions.join(session.versions()));
            if (!upgrade.obstacles().isEmpty()) {
                throw new RefusedException(
                        "The cluster keeps version " + upgrade.now() + ". " + upgrade.next()
                                + ". Start each with the new version of Lockstep; one that is gone for good: lockstep node remove");
            }
            if (!upgrade.isOver()) {
                raise(session, upgrade.newest());
            }
            return new Report(
                    "Cluster " + view.cluster() + " has version " + upgrade.newest()
                            + (upgrade.isOver() ? " already" : ""),
                    Json.object(
                            "cluster",
                            view.cluster(),
                            "version",
                            upgrade.newest().number(),
                            "before",
                            upgrade.now().number()));
        }

        /** The leader of the control group asks the nodes again, and decides. */
        private static void raise(Session session, ClusterVersion to) {
            try {
                ClusterOptions.join(session.raiseVersion(to));
            } catch (RequestFailedException failed) {
                if (failed.status() == Status.INVALID) {
                    throw new RefusedException(String.valueOf(failed.getMessage()));
                }
                throw failed;
            }
        }
    }
}
