package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.Durations;
import dev.lockstep.protocol.topology.DrainedNode;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands of operators about the nodes of a running cluster. */
final class NodeOperations {

    private static final Duration QUORUM_PATIENCE = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(200);

    private NodeOperations() {}

    /** @throws RefusedException if it is none of the members */
    static Member member(Session session, String name) {
        List<Member> members = session.view().members();
        return members.stream()
                .filter(member -> member.id().name().equals(name))
                .findFirst()
                .orElseThrow(() -> new RefusedException("There is no node " + name + "; the cluster has "
                        + members.stream().map(Member::toString).collect(Collectors.joining(", "))));
    }

    private static int leads(List<ReplicaStatus> replicas) {
        return (int) replicas.stream().filter(ReplicaStatus::leads).count();
    }

    /** One line for each node. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Prints the nodes: whether they answer, what they host and lead, and which is drained.")
    static final class ListNodes implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Override
        public Integer call() {
            return options.run(ListNodes::list);
        }

        static Report list(Session session) {
            Map<Member, List<ReplicaStatus>> answers = ClusterOptions.join(session.replicas());
            NodeId drained = ClusterOptions.join(session.drained()).node();
            List<String> rows = new ArrayList<>();
            List<String> objects = new ArrayList<>();
            rows.add(row("NODE", "ADDRESS", "STATE", "REPLICAS", "LEADS"));
            for (Member member : session.view().members()) {
                List<ReplicaStatus> replicas = answers.get(member);
                String state = state(member, replicas, drained);
                int hosts = replicas == null ? 0 : replicas.size();
                int leads = replicas == null ? 0 : leads(replicas);
                String address = member.host() + ":" + member.port();
                rows.add(row(
                        member.id().name(),
                        address,
                        state,
                        replicas == null ? "" : Integer.toString(hosts),
                        replicas == null ? "" : Integer.toString(leads)));
                objects.add(Json.object(
                        "node",
                        member.id().name(),
                        "address",
                        address,
                        "answers",
                        replicas != null,
                        "drained",
                        member.id().equals(drained),
                        "replicas",
                        hosts,
                        "leads",
                        leads));
            }
            return new Report(String.join(System.lineSeparator(), rows), "[" + String.join(",", objects) + "]");
        }

        private static String state(Member member, @Nullable List<ReplicaStatus> replicas, @Nullable NodeId drained) {
            String answers = replicas == null ? "no answer" : "up";
            return member.id().equals(drained) ? answers + ", drained" : answers;
        }

        private static String row(String... cells) {
            return "%-12s %-24s %-20s %8s %6s".formatted((Object[]) cells).stripTrailing();
        }
    }

    /** Makes a node a member, and waits until it hosts its share. */
    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = {
                "Adds a node to the cluster, and waits until it hosts its share of the shards.",
                "The node is started as any other, with itself among the members of its configuration; it waits to be added.",
                "For a node that is leaving, this cancels its removal."
            })
    static final class Add implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Mixin
        private LayoutChange change = new LayoutChange();

        @Parameters(
                paramLabel = "<node>@<host>:<port>",
                description = "The id of the node, and the address where it listens.")
        private String node = "";

        @Option(
                names = "--zone",
                paramLabel = "<name>",
                description = {
                    "What fails together with the node, such as its rack: replicas of a shard are spread over zones.",
                    "By default the one that it has as a member, or none."
                })
        private @Nullable String zone;

        @Override
        public Integer call() {
            return options.run(this::add);
        }

        private Report add(Session session) {
            Matcher parts = Pattern.compile("([^@]+)@(.+):(\\d{1,5})").matcher(node);
            if (!parts.matches()) {
                throw new RefusedException("\"" + node + "\" is no node and address such as n4@127.0.0.1:7403");
            }
            Member member;
            try {
                member = new Member(new NodeId(parts.group(1)), parts.group(2), Integer.parseInt(parts.group(3)));
            } catch (IllegalArgumentException wrong) {
                throw new RefusedException(String.valueOf(wrong.getMessage()));
            }
            ClusterOptions.join(session.changeLayout(new Request.AddNode(member, zone)));
            change.await(options, session, "Node " + member.id() + " is a member", new HasItsShare(member.id()));
            return new Report(
                    "Node " + member.id() + " is a member, and hosts its share",
                    Json.object("node", member.id().name(), "member", true));
        }
    }

    /** Tells whether a node hosts something, or gets nothing: there may be fewer replicas than nodes. For one thread. */
    private static final class HasItsShare implements Predicate<Layout> {

        /** A leader of the control group looks at what follows from a layout five times a second. */
        private static final Duration PLANNED_WITHIN = Duration.ofSeconds(5);

        private final NodeId node;
        private long version = Layout.UNFORMED;
        private long sinceNanos;

        HasItsShare(NodeId node) {
            this.node = node;
        }

        @Override
        public boolean test(Layout layout) {
            long now = Time.system().nanos();
            if (layout.version() != version) {
                version = layout.version();
                sinceNanos = now;
            }
            return layout.member(node) != null
                    && (layout.hosts().anyMatch(node::equals) || now - sinceNanos > PLANNED_WITHIN.toNanos());
        }
    }

    /** Moves all that a node hosts to others, and waits until it is a member no more. */
    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = {
                "Removes a node from the cluster: what it hosts is moved to the others, then it stops.",
                "It need not run. Until it is done, \"lockstep node add\" cancels it. If the command ends before that, or is stopped,",
                "the removal goes on."
            })
    static final class Remove implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Mixin
        private LayoutChange change = new LayoutChange();

        @Parameters(paramLabel = "<node>", description = "The id of the node.")
        private String name = "";

        @Option(
                names = "--force",
                description = "Do it even if shards would lose their quorum once the node is stopped.")
        private boolean force;

        @Override
        public Integer call() {
            return options.run(this::remove);
        }

        private Report remove(Session session) {
            Member member = member(session, name);
            requireQuorum(options, session, member, force);
            ClusterOptions.join(session.changeLayout(new Request.RemoveNode(member.id())));
            change.await(
                    options,
                    session,
                    "Node " + name + " is leaving the cluster",
                    layout -> layout.member(member.id()) == null);
            return new Report(
                    "Node " + name + " is not a member any more, and hosts nothing",
                    Json.object("node", name, "member", false));
        }
    }

    /** Looks for a while: right after a failure a node that is fine may answer late. */
    private static void requireQuorum(ClusterOptions options, Session session, Member member, boolean force) {
        long sinceNanos = Time.system().nanos();
        while (!force) {
            Map<Member, List<ReplicaStatus>> answers = ClusterOptions.join(session.replicas());
            List<String> lost = QuorumCheck.lostWithout(member.id(), session.view(), answers);
            if (lost.isEmpty()) {
                return;
            }
            if (Time.system().nanos() - sinceNanos > QUORUM_PATIENCE.toNanos()) {
                String silent = session.view().members().stream()
                        .filter(one -> !answers.containsKey(one))
                        .map(one -> one.id().name())
                        .collect(Collectors.joining(", "));
                throw new RefusedException("Nothing was done. Without node " + member.id()
                        + " these would have too few intact replicas for a quorum: " + String.join(", ", lost)
                        + (silent.isEmpty() ? "" : ". No answer came from " + silent)
                        + ". Bring their other replicas back first (lockstep shard status shows them), or say --force");
            }
            options.pause(PAUSE);
        }
    }

    /** Transfers the leaderships of a node to others, and keeps it from leading until {@link Undrain}. */
    @Command(
            name = "drain",
            mixinStandardHelpOptions = true,
            description = {
                "Transfers all leaderships of a node to others, until undrain.",
                "The node takes over none meanwhile, so that it can be stopped without a caller noticing. It goes on as a",
                "member and answers reads. One node may be drained at a time."
            })
    static final class Drain implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<node>", description = "The id of the node.")
        private String name = "";

        @Option(
                names = "--timeout",
                paramLabel = "<duration>",
                defaultValue = "60s",
                description = "How long to wait until it leads nothing, such as 60s.")
        private String timeout = "";

        @Option(
                names = "--force",
                description = "Do it even if shards would lose their quorum once the node is stopped.")
        private boolean force;

        @Override
        public Integer call() {
            return options.run(this::drain);
        }

        private Report drain(Session session) {
            Duration within = timeout();
            Member member = member(session, name);
            requireQuorum(options, session, member, force);
            DrainedNode drained = ClusterOptions.join(session.drained());
            if (drained.node() != null && !drained.node().equals(member.id())) {
                throw new RefusedException("Node " + drained.node()
                        + " is drained, and only one node may be at a time. End that first: lockstep node undrain "
                        + drained.node());
            }
            ClusterOptions.join(session.drain(new Request.DrainNode(member.id(), drained.revision())));
            return awaitDrained(session, member, within);
        }

        private Report awaitDrained(Session session, Member member, Duration within) {
            long sinceNanos = Time.system().nanos();
            int before = -1;
            while (true) {
                List<ReplicaStatus> replicas =
                        ClusterOptions.join(session.replicas()).get(member);
                if (replicas == null) {
                    return report(
                            member,
                            "Node " + name + " is drained; it does not answer, and will lead nothing when it is back");
                }
                int leads = leads(replicas);
                if (leads == 0) {
                    return report(
                            member,
                            "Node " + name + " is drained: it leads nothing and may be stopped. Afterwards: "
                                    + "lockstep node undrain " + name);
                }
                if (Time.system().nanos() - sinceNanos > within.toNanos()) {
                    throw new NotDoneException("Node " + name + " still leads " + leads + " groups after " + timeout
                            + ", and goes on transferring them. lockstep shard status says how the other replicas are");
                }
                if (leads != before) {
                    options.progress("Node " + name + " leads " + leads + " groups");
                    before = leads;
                }
                options.pause(PAUSE);
            }
        }

        private Duration timeout() {
            try {
                return Durations.parse(timeout);
            } catch (IllegalArgumentException wrong) {
                throw new RefusedException("--timeout: " + wrong.getMessage());
            }
        }

        private static Report report(Member member, String text) {
            return new Report(text, Json.object("node", member.id().name(), "drained", true));
        }
    }

    /** Lets a drained node lead again. */
    @Command(
            name = "undrain",
            mixinStandardHelpOptions = true,
            description =
                    "Lets a drained node lead again. The others transfer its share of the leaderships to it one at a time.")
    static final class Undrain implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<node>", description = "The id of the node.")
        private String name = "";

        @Override
        public Integer call() {
            return options.run(this::undrain);
        }

        private Report undrain(Session session) {
            Member member = member(session, name);
            DrainedNode drained = ClusterOptions.join(session.drained());
            if (drained.node() != null && !drained.node().equals(member.id())) {
                throw new RefusedException("Node " + name + " is not drained; node " + drained.node() + " is");
            }
            ClusterOptions.join(session.drain(new Request.DrainNode(null, drained.revision())));
            return new Report(
                    "Node " + name + " is not drained, and takes its share of the leaderships over again",
                    Json.object("node", name, "drained", false));
        }
    }
}
