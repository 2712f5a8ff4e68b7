package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows how the replicas of a running cluster are, and lets those rejoin that have lost their state. */
@Command(
        name = "shard",
        mixinStandardHelpOptions = true,
        description = "Prints the state of the replicas, moves one, and recovers a shard that has lost its quorum.",
        subcommands = {ShardCommand.Status.class, ShardCommand.Move.class, ShardCommand.Recover.class})
final class ShardCommand {

    /** The replicas of a node; nothing if it did not answer. */
    private record Node(Member member, @Nullable List<ReplicaStatus> replicas) {}

    private static List<Node> nodes(Session session) {
        Map<Member, List<ReplicaStatus>> answers = ClusterOptions.join(session.replicas());
        return session.view().members().stream()
                .map(member -> new Node(member, answers.get(member)))
                .toList();
    }

    /** A human-readable table, or an array for programs. */
    static Report report(Session session) {
        return report(nodes(session));
    }

    private static Report report(List<Node> nodes) {
        List<String> rows = new ArrayList<>();
        List<String> objects = new ArrayList<>();
        rows.add(row("SHARD", "NODE", "STATE", "LEADS", "TERM", "POSITION", "NOTE"));
        for (Node node : nodes) {
            if (node.replicas() == null) {
                rows.add(row("?", node.member().id().name(), "no answer", "", "", "", ""));
                objects.add(Json.object("node", node.member().id().name(), "state", "no answer"));
            }
        }
        nodes.stream()
                .filter(node -> node.replicas() != null)
                .flatMap(node -> node.replicas().stream().map(replica -> new Placed(node.member(), replica)))
                .sorted(Comparator.<Placed>comparingInt(
                                placed -> placed.replica().group())
                        .thenComparing(placed -> placed.member().id().name()))
                .forEach(placed -> {
                    ReplicaStatus replica = placed.replica();
                    String state = words(replica.state());
                    rows.add(row(
                            name(replica.group()),
                            placed.member().id().name(),
                            state,
                            replica.leads() ? "yes" : "",
                            Long.toString(replica.term()),
                            Long.toString(replica.position()),
                            replica.note()));
                    objects.add(Json.object(
                            "shard",
                            name(replica.group()),
                            "node",
                            placed.member().id().name(),
                            "state",
                            state,
                            "leads",
                            replica.leads(),
                            "term",
                            replica.term(),
                            "position",
                            replica.position(),
                            "note",
                            replica.note()));
                });
        return new Report(String.join(System.lineSeparator(), rows), "[" + String.join(",", objects) + "]");
    }

    private record Placed(Member member, ReplicaStatus replica) {}

    private static String row(String... cells) {
        return "%-8s %-12s %-12s %-6s %8s %12s  %s".formatted((Object[]) cells).stripTrailing();
    }

    /** Names a group within a sentence. */
    static String noun(int group) {
        return group == ShardMap.CONTROL_GROUP ? "the control group" : "shard " + group;
    }

    static String words(ReplicaStatus.State state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String name(int group) {
        return group == ShardMap.CONTROL_GROUP ? "control" : Integer.toString(group);
    }

    /** One line for each replica. */
    @Command(
            name = "status",
            mixinStandardHelpOptions = true,
            description =
                    "Shows how each replica is: whether it knows all that it ever said, where it is, what it waits for.")
    static final class Status implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Override
        public Integer call() {
            return options.run(session -> report(session));
        }
    }

    /** Moves a replica, and waits until that is done. */
    @Command(
            name = "move",
            mixinStandardHelpOptions = true,
            description = "Moves a replica of a shard from one node to another, and waits until that is done.")
    static final class Move implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Mixin
        private LayoutChange change = new LayoutChange();

        @Option(names = "--shard", required = true, paramLabel = "<shard>", description = "The number of the shard.")
        private int shard;

        @Option(names = "--from", required = true, paramLabel = "<node>", description = "The node that hosts it.")
        private String from = "";

        @Option(names = "--to", required = true, paramLabel = "<node>", description = "The node that is to host it.")
        private String to = "";

        @Override
        public Integer call() {
            return options.run(this::move);
        }

        private Report move(Session session) {
            NodeId source = id(from);
            NodeId target = id(to);
            if (shard < 0) {
                throw new RefusedException("\"" + shard + "\" is no shard; say a number from 0 on");
            }
            ClusterOptions.join(session.changeLayout(new Request.MoveReplica(shard, source, target)));
            change.await(
                    options,
                    session,
                    "Shard " + shard + " is being moved from " + from + " to " + to,
                    layout -> !layout.places(shard, source));
            return new Report(
                    "Shard " + shard + " is hosted by " + to + " instead of " + from,
                    Json.object("shard", shard, "from", from, "to", to));
        }

        private static NodeId id(String name) {
            try {
                return new NodeId(name);
            } catch (IllegalArgumentException wrong) {
                throw new RefusedException(String.valueOf(wrong.getMessage()));
            }
        }
    }

    /** For the operator alone to decide. */
    @Command(
            name = "recover",
            mixinStandardHelpOptions = true,
            description = {
                "Forces recovery of a shard that has permanently lost its quorum, using the surviving replicas. Acknowledged",
                "writes that only the lost replicas had are lost."
            })
    static final class Recover implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Option(
                names = "--shard",
                required = true,
                paramLabel = "<shard>",
                description = "The number of the shard, or \"control\" for the control group.")
        private String shard = "";

        @Option(names = "--accept-loss", description = "Do it; without this the command only prints what it would do.")
        private boolean acceptLoss;

        @Override
        public Integer call() {
            return options.run(this::recover);
        }

        private Report recover(Session session) throws IOException {
            int group = group();
            List<Node> nodes = nodes(session);
            var replicas = nodes.stream()
                    .filter(node -> node.replicas() != null)
                    .flatMap(node -> node.replicas().stream()
                            .filter(replica -> replica.group() == group)
                            .map(replica -> new ShardRecovery.Replica(node.member(), replica)))
                    .toList();
            int hosts = session.view().hostsOf(group).size();
            ShardRecovery recovery = ShardRecovery.plan(name(group), replicas, hosts);
            options.progress(report(nodes).text());
            options.progress(recovery.toString());
            if (!acceptLoss) {
                throw new RefusedException("Nothing was done. Say --accept-loss to do it");
            }
            for (ShardRecovery.Order order : recovery.orders()) {
                Reply reply = ClusterOptions.join(
                        session.recoverReplica(order.member(), group, recovery.term(), order.electable()));
                if (!(reply instanceof Reply.Done)) {
                    throw new IOException("Node " + order.member() + " did not do it: " + reply);
                }
            }
            String done = recovery.orders().stream()
                    .map(order -> order.member().id().name())
                    .collect(Collectors.joining(", "));
            return new Report(
                    "Shard " + name(group) + " goes on; these take part again: " + done,
                    Json.object("shard", name(group), "term", recovery.term(), "recovered", done));
        }

        private int group() {
            if (shard.equals("control")) {
                return ShardMap.CONTROL_GROUP;
            }
            try {
                return Integer.parseUnsignedInt(shard);
            } catch (NumberFormatException wrong) {
                throw new RefusedException("\"" + shard + "\" is no shard; say a number, or \"control\"");
            }
        }
    }
}
