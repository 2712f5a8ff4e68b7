package dev.lockstep.protocol.wire;

import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.DrainedNode;
import dev.lockstep.protocol.topology.Formation;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Request.ConfirmTerms.GroupTerm;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Requests and replies of every type. */
public final class Samples {

    private static final Bytes KEY = Bytes.utf8("key");
    private static final Bytes VALUE = Bytes.utf8("välue");
    private static final RequestId ID = new RequestId(-7, Long.MAX_VALUE, 300, 299);
    private static final LeaseId LEASE = new LeaseId(1, -2, 3);
    static final NodeId NODE = new NodeId("n1");
    static final NodeId OTHER = new NodeId("n2");
    private static final CacheDefinition DEFINITION = new CacheDefinition(
            "users",
            "java.lang.String",
            "java.lang.Object",
            new ExpiryRule(Lifetime.ofMillis(60_000), Lifetime.UNCHANGED, Lifetime.ETERNAL),
            "",
            10,
            Consistency.STRONG);
    private static final SortedSet<String> ROLES = new TreeSet<>(List.of("monitoring", "shop"));
    private static final Role ROLE =
            new Role("shop", Set.of(Right.MONITOR), Map.of("orders*", Set.of(Right.READ, Right.WRITE), "b", Set.of()));

    /** At least one of each type. */
    public static List<Request> requests() {
        return List.of(
                new Request.Hello(1, 2, "demo", null),
                new Request.Hello(1, 2, "demo", null, Bytes.utf8("p=tls-server-end-point,,n=ada,r=nonce")),
                new Request.Authenticate(Bytes.utf8("c=Ym91bmQ=,r=nonce,p=cHJvb2Y=")),
                new Request.Hello(
                        1,
                        2,
                        "demo",
                        new NodeIdentity(
                                NODE,
                                -5,
                                new ClusterVersion(1),
                                new ClusterVersion.Range(new ClusterVersion(1), new ClusterVersion(3)),
                                new Formation(List.of(new Formation.Fact("shards", "4", "f:1", true))))),
                new Request.DescribeCluster(),
                new Request.ListCaches(),
                new Request.CreateCache(CacheProposal.exactly(DEFINITION), 3),
                new Request.RenewLeases(1, -2, List.of(new Request.RenewLeases.Lease(3, 400))),
                new Request.CreateCache(
                        new CacheProposal(
                                "c",
                                "k",
                                "v",
                                null,
                                "",
                                CacheSettings.NOTHING,
                                new CacheSettings(
                                        OptionalLong.of(0),
                                        OptionalLong.empty(),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.of(Duration.ofMillis(5)),
                                        Optional.empty()),
                                "f:2"),
                        0),
                new Request.AlterCache(7, 2, ExpiryRule.ETERNAL, null, 1L << 30, Consistency.STRONG, null),
                new Request.AlterCache(7, 2, null, 5L, null, null, EntryProcessing.OPTIMISTIC),
                new Request.DestroyCache(7),
                new Request.Get(1, 2, List.of(KEY, Bytes.EMPTY), true, Consistency.SESSION, 99, 1_700_000_000_000L),
                new Request.Scan(1, 2, null, 10, Consistency.STRONG, 0, 0),
                new Request.Scan(1, 2, KEY, 10, Consistency.STRONG, 0, 0),
                new Request.Size(1, 2, Consistency.SESSION, 3, 4),
                new Request.Write(1, 2, ID, everyMutation(), LEASE),
                new Request.Clear(1, 2, ID),
                new Request.ReadForUpdate(1, 2, KEY, LEASE, 1_000, 2_000),
                new Request.Release(1, 2, KEY, LeaseId.NONE, Condition.ANY),
                new Request.Subscribe(
                        2, 5, List.of(new Request.Subscribe.Start(1, -1), new Request.Subscribe.Start(7, 4))),
                new Request.Subscribe(2, 5, List.of(new Request.Subscribe.Start(9, -1))).extending(8, 4),
                new Request.Unsubscribe(8),
                new Request.ConfirmTerms(List.of(new GroupTerm(-1, 4), new GroupTerm(3, 5))),
                new Request.ToLog(Bytes.utf8("vote")),
                new Request.FetchCheckpoint(3, 41, 2, 40, 1 << 20),
                new Request.DescribeReplicas(),
                new Request.RecoverReplica(-1, 7, true),
                new Request.PassOn(NODE, new Request.Clear(1, 2, ID)),
                new Request.PassOn(NODE, new Request.Subscribe(2, 5, List.of(new Request.Subscribe.Start(7, 4)))),
                new Request.ReadClock(),
                new Request.ReadMemory(),
                new Request.DescribeDrained(),
                new Request.DrainNode(NODE, 3),
                new Request.DrainNode(null, 4),
                new Request.AddNode(new Member(NODE, "127.0.0.1", 7400), "rack 1"),
                new Request.RemoveNode(NODE),
                new Request.MoveReplica(3, NODE, OTHER),
                new Request.ReplicasMoved(-1, 5),
                new Request.OpenReplica(3, List.of(NODE)),
                new Request.DescribeVersions(),
                new Request.DescribeNode(true),
                new Request.ReadMeters(),
                new Request.Inspect(Request.Inspect.Aspect.SETTINGS),
                new Request.StartRecording(30_000),
                new Request.ReadRecording(1 << 20),
                new Request.SetLogLevel("dev.lockstep.cluster", Request.SetLogLevel.Level.DEBUG),
                new Request.RaiseVersion(new ClusterVersion(2)),
                new Request.CopyControl(9),
                new Request.DescribeAccess(),
                new Request.ChangeAccess(3, new AccessChange.PutUser(new User("ada", ROLES, "a verifier"), true)),
                new Request.ChangeAccess(3, new AccessChange.RemoveUser("ada")),
                new Request.ChangeAccess(3, new AccessChange.PutRole(ROLE)),
                new Request.ChangeAccess(4, new AccessChange.RemoveRole("shop")));
    }

    private static List<Mutation> everyMutation() {
        return List.of(
                Mutation.put(KEY, VALUE, Condition.ANY).returningOld(),
                Mutation.put(KEY, Bytes.EMPTY, Condition.ABSENT).living(Lifetime.ofMillis(5)),
                Mutation.put(KEY, VALUE, new Condition.ValueIs(KEY)).living(Lifetime.UNCHANGED),
                Mutation.remove(KEY, new Condition.VersionIs(77)),
                Mutation.remove(KEY, new Condition.AbsentSince(0)),
                Mutation.touch(KEY, Condition.PRESENT, Lifetime.ETERNAL));
    }

    static Reply.Changes changes() {
        EntryChange change = new EntryChange(EntryChange.Kind.UPDATED, KEY, VALUE, Bytes.EMPTY, 14);
        return new Reply.Changes(
                13,
                List.of(new Reply.Changes.OfCache(1, List.of(change)), new Reply.Changes.OfCache(2, List.of())),
                List.of(new Reply.Changes.Missed(3, 12)));
    }

    /** At least one of each type. */
    public static List<Reply> replies() {
        EntryRead entry = new EntryRead(VALUE, 1 << 20, Long.MAX_VALUE);
        Layout layout = new Layout(
                0x1234_5678_9abc_def0L,
                new ClusterVersion(2),
                List.of(
                        new Layout.Node(new Member(NODE, "127.0.0.1", 7400), "rack 1", Layout.Standing.LEAVING),
                        new Layout.Node(new Member(OTHER, "127.0.0.1", 7401), "", Layout.Standing.GONE)),
                List.of(OTHER),
                List.of(NODE, OTHER),
                new ShardMap(3, List.of(List.of(NODE), List.of(NODE))),
                new TreeMap<>(Map.of(
                        -1,
                        new Layout.Move(List.of(OTHER), List.of(), 3),
                        1,
                        new Layout.Move(List.of(OTHER), List.of(NODE), 2))));
        ClusterView view = new ClusterView("demo", layout, Map.of(1, NODE));
        return List.of(
                new Reply.Refused(Status.MOVED, "elsewhere", 20, NODE),
                Reply.Refused.of(Status.INTERNAL, ""),
                new Reply.Done(),
                new Reply.Welcome(1, "demo", NODE, 1 << 24),
                new Reply.Welcome(1, "demo", NODE, 1 << 24, Bytes.utf8("v=c2lnbmF0dXJl")),
                new Reply.Challenge("SCRAM-SHA-256", Bytes.utf8("r=nonce,s=c2FsdA==,i=4096")),
                new Reply.Cluster(view),
                new Reply.Caches(List.of(new CacheInfo(4, DEFINITION)), 5),
                new Reply.Created(new CacheInfo(4, DEFINITION)),
                new Reply.Drained(new DrainedNode(3, NODE)),
                new Reply.Drained(DrainedNode.NONE),
                new Reply.ControlCopy(NODE, 9, Bytes.utf8("state")),
                new Reply.ControlCopy(null, 9, null),
                new Reply.Versions("0.1.0", new ClusterVersion.Range(new ClusterVersion(1), new ClusterVersion(2))),
                new Reply.NodeFacts(
                        List.of(new Reply.NodeFacts.Fact("disk-free-bytes", "1024")),
                        200,
                        List.of(new Reply.NodeFacts.BusyKey(4, Bytes.utf8("key"), 61))),
                new Reply.Text("lockstep_info 1.0"),
                new Reply.RecordingPiece(1 << 20, VALUE),
                new Reply.Access(AccessRules.OPEN),
                new Reply.Access(new AccessRules(
                        4,
                        new TreeMap<>(Map.of("ada", new User("ada", ROLES, null))),
                        new TreeMap<>(Map.of("shop", ROLE)))),
                new Reply.Entries(1, 2, 3, Arrays.asList(entry, null)),
                new Reply.Keys(1, 2, List.of(KEY), true),
                new Reply.Count(1, 2, 3),
                new Reply.Written(1, 2, List.of(new MutationResult(true, false, VALUE, 9, 2))),
                new Reply.Written(1, 2, List.of(new MutationResult(false, true, null, 9, 0))),
                new Reply.Leased(1, 2, 3, entry),
                new Reply.Leased(1, 2, 3, null),
                new Reply.Released(1, 2, true),
                new Reply.Subscribed(12, List.of(7)),
                changes(),
                new Reply.TermsConfirmed(List.of(true, false)),
                new Reply.FromLog(Bytes.utf8("granted")),
                new Reply.Memory(70_000_000, 80_530_636),
                new Reply.Clock(1_700_000_000_000L, List.of(new Reply.Clock.LogTime(3, 1_700_000_000_001L))),
                new Reply.Checkpoint(41, Bytes.utf8("piece")),
                new Reply.Replicas(
                        List.of(new ReplicaStatus(-1, ReplicaStatus.State.LOST, 7, 41, false, "its log is gone"))));
    }

    private Samples() {}
}
