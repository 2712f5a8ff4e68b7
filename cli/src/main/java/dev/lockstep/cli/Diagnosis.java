package dev.lockstep.cli;

import dev.lockstep.cluster.node.NodeMain;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeFact;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * The ailments of a cluster, present and coming, with the evidence and what to do. Pure.
 *
 * @param findings the worst first
 */
record Diagnosis(List<Finding> findings) {

    private static final double LITTLE_DISK = 0.10;
    private static final double HARDLY_ANY_DISK = 0.02;
    private static final long SLOW_SYNC_MICROS = 100_000;
    private static final Duration RENEW = Duration.ofDays(14);
    private static final Duration RENEW_NOW = Duration.ofDays(2);
    private static final double MUCH_HEAP = 0.85;
    private static final double NO_HEAP = 0.95;
    private static final double MANY_ENTRIES = 0.9;
    private static final double MANY_FILES = 0.8;
    private static final long FEW_FILES = 4096;
    private static final Duration LONG_MOVE = Duration.ofMinutes(10);
    private static final double HOT = 0.3;
    private static final long MIB = 1 << 20;

    /** How bad a finding is. */
    enum Severity {
        /** Requests fail, or the next fault loses something. */
        CRITICAL,
        /** It will come to that unless something is done. */
        WARNING
    }

    /** The things that are looked at. */
    enum Check {
        NODES,
        QUORUM,
        REPLICATION,
        MOVES,
        CLOCKS,
        DISK_SPACE,
        DISK_SPEED,
        MEMORY,
        JVM,
        FILES,
        CERTIFICATES,
        VERSIONS,
        ENCRYPTION,
        HOT_KEYS;

        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * One thing that is wrong.
     *
     * @param evidence a sentence without a full stop
     * @param advice likewise
     */
    record Finding(Severity severity, Check check, String evidence, String advice) {}

    /**
     * The answers of the nodes.
     *
     * @param replicas of the nodes that answer
     * @param facts likewise
     * @param versions likewise
     * @param caches names by their ids, as far as they may be seen
     * @param insecure whether nodes are reached from elsewhere without encryption
     */
    record Evidence(
            ClusterView view,
            Map<Member, List<ReplicaStatus>> replicas,
            Map<Member, Reply.NodeFacts> facts,
            Map<Member, Reply.Versions> versions,
            Map<Integer, String> caches,
            boolean insecure,
            Instant now) {}

    /** The worst that was found. */
    Optional<Severity> worst() {
        return findings.stream().map(Finding::severity).min(Severity::compareTo);
    }

    static Diagnosis of(Evidence evidence) {
        Doctor doctor = new Doctor(evidence);
        doctor.nodes();
        doctor.groups();
        doctor.replication();
        doctor.moves();
        doctor.eachNode(doctor::clock);
        doctor.eachNode(doctor::diskSpace);
        doctor.eachNode(doctor::diskSpeed);
        doctor.eachNode(doctor::entries);
        doctor.eachNode(doctor::memory);
        doctor.eachNode(doctor::jvm);
        doctor.eachNode(doctor::files);
        doctor.eachNode(doctor::certificate);
        doctor.versions();
        doctor.encryption();
        doctor.eachNode(doctor::hotKeys);
        return new Diagnosis(doctor.found.stream()
                .sorted((one, other) -> one.severity().compareTo(other.severity()))
                .toList());
    }

    /** The checks, and what they have found so far. */
    private static final class Doctor {

        private final Evidence evidence;
        private final ClusterView view;
        private final List<Finding> found = new ArrayList<>();

        Doctor(Evidence evidence) {
            this.evidence = evidence;
            this.view = evidence.view();
        }

        private void warn(Check check, String what, String advice) {
            found.add(new Finding(Severity.WARNING, check, what, advice));
        }

        private void critical(Check check, String what, String advice) {
            found.add(new Finding(Severity.CRITICAL, check, what, advice));
        }

        private void eachNode(BiConsumer<NodeId, Reply.NodeFacts> check) {
            evidence.facts().forEach((member, facts) -> check.accept(member.id(), facts));
        }

        private boolean answers(NodeId node) {
            return evidence.replicas().keySet().stream()
                    .anyMatch(member -> member.id().equals(node));
        }

        void nodes() {
            for (Layout.Node node : view.layout().nodes()) {
                if (!answers(node.id())) {
                    warn(
                            Check.NODES,
                            "Node " + node.member() + " does not answer",
                            "Start it; its log says why it ended. If it is gone for good: lockstep node remove "
                                    + node.id() + ", and add another");
                }
            }
        }

        void groups() {
            List<Integer> lost = new ArrayList<>();
            List<Integer> leaderless = new ArrayList<>();
            List<Integer> atRisk = new ArrayList<>();
            for (int group = ShardMap.CONTROL_GROUP; group < view.map().shards(); group++) {
                int number = group;
                List<NodeId> hosts = view.hostsOf(group);
                List<ReplicaStatus> voting = evidence.replicas().entrySet().stream()
                        .filter(answer -> hosts.contains(answer.getKey().id()))
                        .flatMap(answer -> answer.getValue().stream())
                        .filter(replica -> replica.group() == number && replica.state() == State.INTACT)
                        .toList();
                boolean led = evidence.replicas().values().stream()
                        .flatMap(List::stream)
                        .anyMatch(replica -> replica.group() == number && replica.leads());
                int majority = hosts.size() / 2 + 1;
                if (voting.size() < majority) {
                    lost.add(group);
                } else if (!led) {
                    leaderless.add(group);
                } else if (voting.size() == majority && hosts.size() > 2) {
                    atRisk.add(group);
                }
            }
            if (!lost.isEmpty()) {
                critical(
                        Check.QUORUM,
                        names(lost) + ": fewer than a majority of the replicas are intact, so writes fail",
                        "Start the nodes that do not answer. If they can't come back: lockstep shard recover");
            }
            if (!leaderless.isEmpty()) {
                critical(
                        Check.QUORUM,
                        names(leaderless) + ": no node leads, although a majority is intact",
                        "If it stays so, look for a network that loses messages, pauses of JVMs, and wrong clocks");
            }
            if (!atRisk.isEmpty()) {
                warn(
                        Check.QUORUM,
                        names(atRisk) + ": one more replica that fails stops writes",
                        "Stop, drain or remove no other node until the missing replicas are back");
            }
        }

        private static String names(List<Integer> groups) {
            String shards = groups.stream()
                    .filter(group -> group != ShardMap.CONTROL_GROUP)
                    .map(String::valueOf)
                    .collect(Collectors.joining(", "));
            boolean control = groups.contains(ShardMap.CONTROL_GROUP);
            return (control ? "The control group" : "")
                    + (shards.isEmpty() ? "" : (control ? ", shards " : "Shards ") + shards);
        }

        void replication() {
            int wanted = evidence.facts().values().stream()
                    .mapToInt(facts -> (int) number(facts, NodeFact.REPLICATION_FACTOR, 1))
                    .max()
                    .orElse(1);
            List<Integer> under = new ArrayList<>();
            for (int shard = 0; shard < view.map().shards(); shard++) {
                if (view.hostsOf(shard).size() < wanted) {
                    under.add(shard);
                }
            }
            if (!under.isEmpty()) {
                int members = view.members().size();
                warn(
                        Check.REPLICATION,
                        names(under) + " have fewer than the " + wanted + " replicas that replication-factor asks for",
                        members < wanted
                                ? "The cluster has " + members + " members. Add others: lockstep node add"
                                : "Replicas are being made; if that does not end, see lockstep shard status");
            }
        }

        void moves() {
            view.layout()
                    .moves()
                    .forEach((group, move) -> move.to().stream()
                            .filter(node -> !answers(node))
                            .forEach(node -> warn(
                                    Check.MOVES,
                                    names(List.of(group)) + " can't be moved to " + node + ", which does not answer",
                                    "Start " + node + ", or lockstep node remove " + node
                                            + ": then it is planned anew")));
            long oldest = evidence.facts().values().stream()
                    .mapToLong(facts -> number(facts, NodeFact.OLDEST_MOVE_SECONDS, 0))
                    .max()
                    .orElse(0);
            if (oldest > LONG_MOVE.toSeconds()) {
                warn(
                        Check.MOVES,
                        LayoutChange.beingMoved(view.layout()) + ", the oldest for " + oldest / 60 + " minutes",
                        "lockstep shard status says what each replica waits for");
            }
        }

        void clock(NodeId node, Reply.NodeFacts facts) {
            long ahead = number(facts, NodeFact.CLOCK_AHEAD_MILLIS, 0);
            if (ahead != 0) {
                warn(
                        Check.CLOCKS,
                        "The clock of " + node + " is " + Math.abs(ahead) / 1000 + " s "
                                + (ahead > 0 ? "ahead of" : "behind") + " most others, so it leads nothing",
                        "Set it right, and have NTP keep it so");
            }
        }

        void diskSpace(NodeId node, Reply.NodeFacts facts) {
            long free = number(facts, NodeFact.DISK_FREE_BYTES, -1);
            long total = number(facts, NodeFact.DISK_TOTAL_BYTES, -1);
            if (free >= 0 && total > 0 && free < total * LITTLE_DISK) {
                String what = "The disk of " + node + " has " + free / MIB + " MiB of " + total / MIB + " free";
                String advice = "Make room: a node whose disk is full stops";
                if (free < total * HARDLY_ANY_DISK) {
                    critical(Check.DISK_SPACE, what, advice);
                } else {
                    warn(Check.DISK_SPACE, what, advice);
                }
            }
            String failure = facts.value(NodeFact.DISK_FAILURE);
            if (failure != null) {
                critical(
                        Check.DISK_SPACE,
                        "Node " + node + " can't write to its data folder: " + failure,
                        "Make room on that disk, or mend or replace it");
            }
        }

        void diskSpeed(NodeId node, Reply.NodeFacts facts) {
            long micros = number(facts, NodeFact.DISK_SYNC_MICROS, 0);
            boolean noted = evidence.replicas().entrySet().stream()
                    .filter(answer -> answer.getKey().id().equals(node))
                    .flatMap(answer -> answer.getValue().stream())
                    .anyMatch(replica -> replica.note().equals(ReplicaStatus.SLOW_DISK));
            if (micros > SLOW_SYNC_MICROS || noted) {
                warn(
                        Check.DISK_SPEED,
                        "A small write to the disk of " + node + " takes " + micros / 1000 + " ms until it is synced"
                                + (noted ? ", and its logs had to wait for it lately" : ""),
                        "Find what else uses the disk, or: lockstep node drain " + node + ", so that it leads nothing");
            }
        }

        void entries(NodeId node, Reply.NodeFacts facts) {
            long used = number(facts, NodeFact.ENTRIES_BYTES, 0);
            long limit = number(facts, NodeFact.ENTRIES_LIMIT_BYTES, Long.MAX_VALUE);
            if (used < limit * MANY_ENTRIES) {
                return;
            }
            String what = "The entries of " + node + " take " + used / MIB + " of the " + limit / MIB
                    + " MiB that limits.memory allows, ";
            String advice =
                    "Give caches a bound (lockstep cache alter) or a lifetime, more heap to the nodes, or add nodes";
            if (used >= limit) {
                critical(Check.MEMORY, what + "so writes to caches without a bound are refused", advice);
            } else {
                warn(Check.MEMORY, what + "so bounded caches are evicted, and others are refused soon", advice);
            }
        }

        void memory(NodeId node, Reply.NodeFacts facts) {
            long live = number(facts, NodeFact.HEAP_LIVE_BYTES, 0);
            long max = number(facts, NodeFact.HEAP_MAX_BYTES, 0);
            if (max > 0 && live > max * MUCH_HEAP) {
                String what = "The heap of " + node + " has " + live / MIB + " MiB of " + max / MIB
                        + " in use after collections";
                String advice = "Bound caches, shorten lifetimes, add nodes, or give the process a larger -Xmx";
                if (live > max * NO_HEAP) {
                    critical(Check.MEMORY, what, advice);
                } else {
                    warn(Check.MEMORY, what, advice);
                }
            }
        }

        void jvm(NodeId node, Reply.NodeFacts facts) {
            long threads = number(facts, NodeFact.COMMON_POOL_THREADS, NodeMain.POOL_PARALLELISM);
            if (threads < NodeMain.POOL_PARALLELISM) {
                warn(
                        Check.JVM,
                        "The common pool of " + node + " has " + threads + " thread" + (threads == 1 ? "" : "s")
                                + ", and Raft then starts a thread for each append",
                        "Start the JVM with -D" + NodeMain.POOL_PROPERTY + "=" + NodeMain.POOL_PARALLELISM);
            }
            if ("false".equals(facts.value(NodeFact.EXITS_WITHOUT_MEMORY))) {
                warn(
                        Check.JVM,
                        "Node " + node + " would go on after an OutOfMemoryError, in a state that nobody knows",
                        "Start the JVM with -XX:+ExitOnOutOfMemoryError, and have a supervisor start it again");
            }
        }

        void files(NodeId node, Reply.NodeFacts facts) {
            long open = number(facts, NodeFact.FILES_OPEN, 0);
            long max = number(facts, NodeFact.FILES_MAX, Long.MAX_VALUE);
            if (max < FEW_FILES || open > max * MANY_FILES) {
                warn(
                        Check.FILES,
                        "Node " + node + " has " + open + " of " + max + " files and connections open",
                        "Raise the limit (ulimit -n, LimitNOFILE=) to " + 16 * FEW_FILES);
            }
        }

        void certificate(NodeId node, Reply.NodeFacts facts) {
            long millis = number(facts, NodeFact.CERTIFICATE_EXPIRES_MILLIS, Long.MAX_VALUE);
            if (millis == Long.MAX_VALUE) {
                return;
            }
            Instant expires = Instant.ofEpochMilli(millis);
            Duration left = Duration.between(evidence.now(), expires);
            String what =
                    "The certificate of " + node + (left.isNegative() ? " has expired at " : " expires at ") + expires;
            String advice = "Replace its files; the node reads them by itself";
            if (left.compareTo(RENEW_NOW) < 0) {
                critical(Check.CERTIFICATES, what + ": then nobody can connect to it any more", advice);
            } else if (left.compareTo(RENEW) < 0) {
                warn(Check.CERTIFICATES, what, advice);
            }
        }

        void versions() {
            Map<String, TreeSet<String>> nodes = new TreeMap<>();
            evidence.versions()
                    .forEach((member, version) -> nodes.computeIfAbsent(version.software(), none -> new TreeSet<>())
                            .add(member.id().name()));
            if (nodes.size() > 1) {
                warn(
                        Check.VERSIONS,
                        "Nodes run different versions: "
                                + nodes.entrySet().stream()
                                        .map(version ->
                                                version.getKey() + " on " + String.join(", ", version.getValue()))
                                        .collect(Collectors.joining("; ")),
                        "Go on with the upgrade, node by node; lockstep cluster status says how far it is");
            }
            Upgrade upgrade = Upgrade.of(
                    view.layout().clusterVersion(),
                    evidence.versions().entrySet().stream()
                            .collect(Collectors.toMap(
                                    version -> version.getKey().id(),
                                    version -> Optional.of(version.getValue().able()))));
            if (!upgrade.isOver()) {
                warn(
                        Check.VERSIONS,
                        "The cluster has version " + upgrade.now() + ", and nodes can do " + upgrade.newest(),
                        upgrade.canBeFinalized()
                                ? "Once no node is to go back: lockstep cluster finalize"
                                : "Go on with the upgrade; lockstep cluster status says what it waits for");
            }
        }

        void encryption() {
            if (evidence.insecure()) {
                warn(
                        Check.ENCRYPTION,
                        "Connections are not encrypted; whoever reaches the nodes can read and change everything",
                        "lockstep tls init makes certificates; set tls in the files of nodes and applications");
            }
        }

        void hotKeys(NodeId node, Reply.NodeFacts facts) {
            if (facts.sampled() < HotKey.ENOUGH_SAMPLES) {
                return;
            }
            for (Reply.NodeFacts.BusyKey key : facts.busiest()) {
                if (key.seen() > facts.sampled() * HOT) {
                    warn(
                            Check.HOT_KEYS,
                            "Of the requests that " + node + " answered in the last minute, "
                                    + 100 * key.seen() / facts.sampled() + " % were about key "
                                    + EntryText.text(key.key()) + " of cache "
                                    + HotKey.cacheName(evidence.caches(), key.cacheId()),
                            "Read it less often, or spread it over several keys: one key is one shard's work");
                }
            }
        }

        private static long number(Reply.NodeFacts facts, NodeFact fact, long otherwise) {
            String value = facts.value(fact);
            try {
                return value == null ? otherwise : Long.parseLong(value);
            } catch (NumberFormatException ofAnotherVersion) {
                return otherwise;
            }
        }
    }
}
