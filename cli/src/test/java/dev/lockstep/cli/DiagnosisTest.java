package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.lockstep.cli.Diagnosis.Check;
import dev.lockstep.cli.Diagnosis.Finding;
import dev.lockstep.cli.Diagnosis.Severity;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeFact;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Reply.NodeFacts.BusyKey;
import dev.lockstep.protocol.wire.Reply.NodeFacts.Fact;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Three nodes with one shard; A leads it and the control group. */
class DiagnosisTest {

    private static final Instant NOW = Instant.parse("2026-03-01T00:00:00Z");
    private static final long GIB = 1L << 30;
    private static final Member A = member("a");
    private static final Member B = member("b");
    private static final Member C = member("c");

    private final Map<Member, List<ReplicaStatus>> replicas = new LinkedHashMap<>();
    private final Map<Member, Map<NodeFact, String>> facts = new LinkedHashMap<>();
    private final Map<Member, Reply.Versions> versions = new LinkedHashMap<>();
    private final Map<Member, List<BusyKey>> busiest = new HashMap<>();
    private List<NodeId> hosts = List.of(A.id(), B.id(), C.id());
    private boolean insecure;

    DiagnosisTest() {
        for (Member member : List.of(A, B, C)) {
            replicas.put(member, replicas(member.equals(A), State.INTACT, ""));
            facts.put(member, new EnumMap<>(well()));
            versions.put(member, new Reply.Versions("1.0.0", ClusterVersion.Range.OWN));
        }
    }

    private static Member member(String name) {
        return new Member(new NodeId(name), "localhost", 1);
    }

    private static List<ReplicaStatus> replicas(boolean lead, State state, String note) {
        return List.of(
                new ReplicaStatus(ShardMap.CONTROL_GROUP, State.INTACT, 1, 1, lead, note),
                new ReplicaStatus(0, state, 1, 1, lead, note));
    }

    private static Map<NodeFact, String> well() {
        return Map.ofEntries(
                Map.entry(NodeFact.CLOCK_AHEAD_MILLIS, "0"),
                Map.entry(NodeFact.REPLICATION_FACTOR, "3"),
                Map.entry(NodeFact.DISK_FREE_BYTES, Long.toString(50 * GIB)),
                Map.entry(NodeFact.DISK_TOTAL_BYTES, Long.toString(100 * GIB)),
                Map.entry(NodeFact.DISK_SYNC_MICROS, "2000"),
                Map.entry(NodeFact.HEAP_MAX_BYTES, Long.toString(GIB)),
                Map.entry(NodeFact.HEAP_LIVE_BYTES, Long.toString(GIB / 2)),
                Map.entry(NodeFact.COMMON_POOL_THREADS, "4"),
                Map.entry(NodeFact.FILES_OPEN, "300"),
                Map.entry(NodeFact.FILES_MAX, "65536"),
                Map.entry(NodeFact.EXITS_WITHOUT_MEMORY, "true"),
                Map.entry(
                        NodeFact.CERTIFICATE_EXPIRES_MILLIS,
                        Long.toString(NOW.plusSeconds(86_400 * 30).toEpochMilli())));
    }

    private List<Finding> findings() {
        Map<Member, Reply.NodeFacts> told = new LinkedHashMap<>();
        facts.forEach((member, values) -> told.put(
                member,
                new Reply.NodeFacts(
                        values.entrySet().stream()
                                .map(fact -> new Fact(fact.getKey().word(), fact.getValue()))
                                .toList(),
                        200,
                        busiest.getOrDefault(member, List.of()))));
        ClusterView view = new ClusterView("c", List.of(A, B, C), new ShardMap(1, List.of(hosts)), Map.of());
        return Diagnosis.of(new Diagnosis.Evidence(view, replicas, told, versions, Map.of(4, "orders"), insecure, NOW))
                .findings();
    }

    private void finds(Severity severity, Check check, String evidence, String advice) {
        assertThat(findings()).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(severity);
            assertThat(finding.check()).isEqualTo(check);
            assertThat(finding.evidence()).contains(evidence);
            assertThat(finding.advice()).contains(advice);
        });
    }

    private void away(Member member) {
        replicas.remove(member);
        facts.remove(member);
        versions.remove(member);
    }

    @Test
    void aWellClusterHasNoFindings() {
        assertThat(findings()).isEmpty();
    }

    @Test
    void oneNodeAwayLeavesNoMargin() {
        away(C);

        assertThat(findings())
                .extracting(Finding::severity, Finding::check, Finding::evidence)
                .containsExactly(
                        tuple(Severity.WARNING, Check.NODES, "Node c@localhost:1 does not answer"),
                        tuple(
                                Severity.WARNING,
                                Check.QUORUM,
                                "The control group, shards 0: one more replica that fails stops writes"));
    }

    @Test
    void twoNodesAwayAreCritical() {
        away(B);
        away(C);

        assertThat(findings().get(0))
                .isEqualTo(new Finding(
                        Severity.CRITICAL,
                        Check.QUORUM,
                        "The control group, shards 0: fewer than a majority of the replicas are intact, so writes fail",
                        "Start the nodes that do not answer. If they can't come back: lockstep shard recover"));
    }

    @Test
    void aShardWithoutALeaderIsCriticalAlthoughItsReplicasAreIntact() {
        replicas.put(
                A,
                List.of(
                        new ReplicaStatus(ShardMap.CONTROL_GROUP, State.INTACT, 1, 1, true, ""),
                        new ReplicaStatus(0, State.INTACT, 1, 1, false, "")));

        finds(Severity.CRITICAL, Check.QUORUM, "Shards 0: no node leads", "wrong clocks");
    }

    @Test
    void aReplicaThatIsNotIntactDoesNotCount() {
        replicas.put(B, replicas(false, State.CATCHING_UP, ""));

        finds(Severity.WARNING, Check.QUORUM, "Shards 0: one more", "no other node");
    }

    @Test
    void aShardWithFewerReplicasThanItShouldHaveIsNamed() {
        hosts = List.of(A.id(), B.id());

        finds(Severity.WARNING, Check.REPLICATION, "Shards 0 have fewer than the 3", "being made");
    }

    @Test
    void aMoveThatTakesLongIsNamed() {
        facts.get(A).put(NodeFact.OLDEST_MOVE_SECONDS, "601");

        finds(Severity.WARNING, Check.MOVES, "the oldest for 10 minutes", "shard status");
    }

    @Test
    void aWrongClockIsNamed() {
        facts.get(B).put(NodeFact.CLOCK_AHEAD_MILLIS, "-61000");

        finds(Severity.WARNING, Check.CLOCKS, "The clock of b is 61 s behind", "NTP");
    }

    @Test
    void aDiskThatIsNearlyFullIsNamedAndOneThatIsFullIsCritical() {
        facts.get(B).put(NodeFact.DISK_FREE_BYTES, Long.toString(9 * GIB));
        finds(Severity.WARNING, Check.DISK_SPACE, "The disk of b has 9216 MiB of 102400 free", "Make room");

        facts.get(B).put(NodeFact.DISK_FREE_BYTES, Long.toString(GIB));
        finds(Severity.CRITICAL, Check.DISK_SPACE, "1024 MiB", "Make room");
    }

    @Test
    void aDiskThatCantBeWrittenIsCritical() {
        facts.get(B).put(NodeFact.DISK_FAILURE, "No space left on device");

        finds(Severity.CRITICAL, Check.DISK_SPACE, "No space left on device", "mend or replace");
    }

    @Test
    void slowSyncsAreNamedAndSoIsADiskThatLogsHadToWaitFor() {
        facts.get(C).put(NodeFact.DISK_SYNC_MICROS, "500000");
        finds(Severity.WARNING, Check.DISK_SPEED, "the disk of c takes 500 ms", "node drain c");

        facts.get(C).put(NodeFact.DISK_SYNC_MICROS, "2000");
        replicas.put(C, replicas(false, State.INTACT, ReplicaStatus.SLOW_DISK));
        finds(Severity.WARNING, Check.DISK_SPEED, "had to wait", "node drain c");
    }

    @Test
    void entriesThatTakeAllTheMemoryThatTheyMayAreNamed() {
        facts.get(A).put(NodeFact.ENTRIES_LIMIT_BYTES, Long.toString(GIB));
        facts.get(A).put(NodeFact.ENTRIES_BYTES, Long.toString(GIB * 95 / 100));
        finds(Severity.WARNING, Check.MEMORY, "take 972 of the 1024 MiB", "cache alter");

        facts.get(A).put(NodeFact.ENTRIES_BYTES, Long.toString(GIB));
        finds(Severity.CRITICAL, Check.MEMORY, "are refused", "cache alter");
    }

    @Test
    void aFullHeapIsNamed() {
        facts.get(A).put(NodeFact.HEAP_LIVE_BYTES, Long.toString(GIB * 9 / 10));
        finds(Severity.WARNING, Check.MEMORY, "921 MiB of 1024", "-Xmx");

        facts.get(A).put(NodeFact.HEAP_LIVE_BYTES, Long.toString(GIB));
        finds(Severity.CRITICAL, Check.MEMORY, "1024 MiB of 1024", "-Xmx");
    }

    @Test
    void aPoolOfOneThreadIsNamed() {
        facts.get(A).put(NodeFact.COMMON_POOL_THREADS, "1");

        finds(Severity.WARNING, Check.JVM, "The common pool of a has 1 thread,", "parallelism=4");
    }

    @Test
    void aJvmThatGoesOnWithoutMemoryIsNamed() {
        facts.get(A).put(NodeFact.EXITS_WITHOUT_MEMORY, "false");

        finds(Severity.WARNING, Check.JVM, "OutOfMemoryError", "-XX:+ExitOnOutOfMemoryError");
    }

    @Test
    void tooFewFilesAndTooManyOpenOnesAreNamed() {
        facts.get(A).put(NodeFact.FILES_OPEN, "60000");
        finds(Severity.WARNING, Check.FILES, "60000 of 65536", "ulimit");

        facts.get(A).put(NodeFact.FILES_OPEN, "300");
        facts.get(A).put(NodeFact.FILES_MAX, "1024");
        finds(Severity.WARNING, Check.FILES, "300 of 1024", "ulimit");
    }

    @Test
    void aCertificateThatExpiresSoonIsNamed() {
        facts.get(A)
                .put(
                        NodeFact.CERTIFICATE_EXPIRES_MILLIS,
                        Long.toString(NOW.plusSeconds(86_400 * 10).toEpochMilli()));
        finds(Severity.WARNING, Check.CERTIFICATES, "expires at 2026-03-11T00:00:00Z", "Replace");

        facts.get(A)
                .put(
                        NodeFact.CERTIFICATE_EXPIRES_MILLIS,
                        Long.toString(NOW.plusSeconds(86_400).toEpochMilli()));
        finds(Severity.CRITICAL, Check.CERTIFICATES, "expires at 2026-03-02T00:00:00Z", "Replace");

        facts.get(A)
                .put(
                        NodeFact.CERTIFICATE_EXPIRES_MILLIS,
                        Long.toString(NOW.minusSeconds(60).toEpochMilli()));
        finds(Severity.CRITICAL, Check.CERTIFICATES, "has expired", "Replace");
    }

    @Test
    void aMixOfVersionsIsNamed() {
        versions.put(B, new Reply.Versions("1.1.0", ClusterVersion.Range.OWN));

        finds(Severity.WARNING, Check.VERSIONS, "1.0.0 on a, c; 1.1.0 on b", "cluster status");
    }

    @Test
    void missingEncryptionIsNamed() {
        insecure = true;

        finds(Severity.WARNING, Check.ENCRYPTION, "not encrypted", "tls init");
    }

    @Test
    void aHotKeyIsNamed() {
        busiest.put(
                A,
                List.of(
                        new BusyKey(4, EntryText.bytes("", "int", "7"), 90),
                        new BusyKey(4, EntryText.bytes("", "int", "8"), 50)));

        finds(Severity.WARNING, Check.HOT_KEYS, "45 % were about key 7 of cache orders", "spread");
    }

    @Test
    void factsOfAnotherVersionAreSkipped() {
        facts.get(A).put(NodeFact.HEAP_LIVE_BYTES, "much");

        assertThat(findings()).isEmpty();
    }
}
