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
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Generators of everything that goes over the wire and into the log. Stateless. */
public final class Messages {

    private static final Arbitrary<Integer> NUMBERS = Arbitraries.integers().greaterOrEqual(0);
    private static final Arbitrary<ClusterVersion> VERSIONS = NUMBERS.map(ClusterVersion::new);
    private static final Arbitrary<Long> LONGS = Arbitraries.longs();
    private static final Arbitrary<Boolean> FLAGS = Arbitraries.of(true, false);
    /** Surrogates that are alone among them: the name of a cache may be any string. */
    private static final Arbitrary<String> TEXTS = Arbitraries.strings()
            .all()
            .withChars('\uD800', '\uDC00', '?', '\uFFFD')
            .ofMaxLength(20);

    private static final Arbitrary<String> NAMES =
            Arbitraries.strings().withCharRange('a', 'z').ofMinLength(1).ofMaxLength(20);
    private static final Arbitrary<NodeId> NODES = Arbitraries.strings()
            .withCharRange('a', 'z')
            .withChars("-_.9Z")
            .ofMinLength(1)
            .ofMaxLength(64)
            .map(NodeId::new);
    private static final Arbitrary<Long> BOUNDS = Arbitraries.longs().greaterOrEqual(0);
    private static final Arbitrary<Consistency> CONSISTENCIES = Arbitraries.of(Consistency.class);
    private static final Arbitrary<EntryProcessing> PROCESSINGS = Arbitraries.of(EntryProcessing.class);
    private static final Arbitrary<Lifetime> LIFETIMES =
            Arbitraries.longs().greaterOrEqual(-3).map(Lifetime::new);

    private Messages() {}

    public static Arbitrary<Bytes> bytes() {
        return Arbitraries.bytes().array(byte[].class).ofMaxSize(24).map(Bytes::of);
    }

    public static Arbitrary<RequestId> requestIds() {
        return Combinators.combine(LONGS, LONGS, LONGS, LONGS).as(RequestId::new);
    }

    private static Arbitrary<LeaseId> leases() {
        return Arbitraries.oneOf(
                Arbitraries.just(LeaseId.NONE),
                Combinators.combine(LONGS, LONGS, LONGS.filter(number -> number != 0))
                        .as(LeaseId::new));
    }

    private static Arbitrary<Condition> conditions() {
        return Arbitraries.oneOf(
                Arbitraries.of(Condition.ANY, Condition.ABSENT, Condition.PRESENT),
                bytes().map(Condition.ValueIs::new),
                LONGS.map(Condition.VersionIs::new),
                LONGS.map(Condition.AbsentSince::new));
    }

    public static Arbitrary<Mutation> mutations() {
        return Combinators.combine(
                        bytes(), Arbitraries.of(Mutation.Action.class), bytes(), conditions(), LIFETIMES, FLAGS)
                .as((key, action, value, condition, lifetime, old) -> new Mutation(
                        key, action, action == Mutation.Action.PUT ? value : null, condition, lifetime, old));
    }

    public static Arbitrary<CacheInfo> caches() {
        return Combinators.combine(NUMBERS, NUMBERS, definitions()).as(CacheInfo::new);
    }

    private static Arbitrary<CacheDefinition> definitions() {
        var names = TEXTS.filter(text -> !text.isEmpty());
        var types = Combinators.combine(TEXTS, TEXTS).as(List::of);
        return Combinators.combine(names, types, rules(), TEXTS, BOUNDS, BOUNDS, CONSISTENCIES, PROCESSINGS)
                .as((name, both, rule, policy, maxEntries, maxBytes, consistency, processing) -> new CacheDefinition(
                        name, both.get(0), both.get(1), rule, policy, maxEntries, maxBytes, consistency, processing));
    }

    private static Arbitrary<ExpiryRule> rules() {
        return Combinators.combine(LIFETIMES, LIFETIMES, LIFETIMES).as(ExpiryRule::new);
    }

    public static Arbitrary<CacheProposal> proposals() {
        var names = TEXTS.filter(text -> !text.isEmpty());
        return Combinators.combine(
                        names, TEXTS, TEXTS, rules().injectNull(0.3), TEXTS, cacheSettings(), cacheSettings(), TEXTS)
                .as(CacheProposal::new);
    }

    private static Arbitrary<CacheSettings> cacheSettings() {
        return Combinators.combine(
                        BOUNDS.optional(),
                        BOUNDS.optional(),
                        CONSISTENCIES.optional(),
                        PROCESSINGS.optional(),
                        BOUNDS.optional(),
                        BOUNDS.optional())
                .as((entries, bytes, consistency, processing, live, idle) -> new CacheSettings(
                        entries.map(OptionalLong::of).orElse(OptionalLong.empty()),
                        bytes.map(OptionalLong::of).orElse(OptionalLong.empty()),
                        consistency,
                        processing,
                        live.map(Duration::ofMillis),
                        idle.map(Duration::ofMillis)));
    }

    private static Arbitrary<NodeIdentity> identities() {
        var facts = Combinators.combine(TEXTS, TEXTS, TEXTS, FLAGS).as(Formation.Fact::new);
        return Combinators.combine(
                        NODES,
                        LONGS,
                        VERSIONS.injectNull(0.3),
                        ranges(),
                        facts.list().ofMaxSize(3).map(Formation::new))
                .as(NodeIdentity::new);
    }

    static Arbitrary<Request> requests() {
        var keys = bytes().list().ofMaxSize(5);
        return Arbitraries.oneOf(
                Combinators.combine(NUMBERS, NUMBERS, TEXTS, identities().injectNull(0.3), bytes().injectNull(0.5))
                        .as(Request.Hello::new),
                bytes().map(Request.Authenticate::new),
                Arbitraries.of(new Request.DescribeCluster(), new Request.ListCaches(), new Request.DescribeReplicas()),
                Combinators.combine(Arbitraries.integers(), LONGS, FLAGS).as(Request.RecoverReplica::new),
                Combinators.combine(proposals(), NUMBERS, FLAGS).as(Request.CreateCache::new),
                Combinators.combine(
                                NUMBERS,
                                NUMBERS,
                                rules().injectNull(0.3),
                                BOUNDS.injectNull(0.3),
                                BOUNDS.injectNull(0.3),
                                CONSISTENCIES.injectNull(0.3),
                                PROCESSINGS.injectNull(0.3))
                        .as(Request.AlterCache::new),
                NUMBERS.map(Request.DestroyCache::new),
                Combinators.combine(NODES, NUMBERS)
                        .as((to, cacheId) -> new Request.PassOn(to, new Request.DestroyCache(cacheId))),
                Combinators.combine(NODES, NUMBERS, LONGS)
                        .as((to, shard, position) ->
                                new Request.PassOn(to, new Request.Subscribe(shard, position, List.of()))),
                Combinators.combine(NUMBERS, NUMBERS, keys, FLAGS, CONSISTENCIES, LONGS, LONGS)
                        .as(Request.Get::new),
                Combinators.combine(NUMBERS, NUMBERS, bytes().injectNull(0.3), NUMBERS, CONSISTENCIES, LONGS, LONGS)
                        .as(Request.Scan::new),
                Combinators.combine(NUMBERS, NUMBERS, CONSISTENCIES, LONGS, LONGS)
                        .as(Request.Size::new),
                Combinators.combine(
                                NUMBERS,
                                NUMBERS,
                                requestIds(),
                                mutations().list().ofMaxSize(5),
                                leases())
                        .as(Request.Write::new),
                Combinators.combine(NUMBERS, NUMBERS, requestIds()).as(Request.Clear::new),
                Combinators.combine(NUMBERS, NUMBERS, bytes(), leases(), LONGS, LONGS)
                        .as(Request.ReadForUpdate::new),
                Combinators.combine(NUMBERS, NUMBERS, bytes(), leases(), conditions())
                        .as(Request.Release::new),
                Combinators.combine(
                                NUMBERS,
                                LONGS,
                                LONGS,
                                LONGS,
                                Combinators.combine(NUMBERS, LONGS)
                                        .as(Request.Subscribe.Start::new)
                                        .list()
                                        .ofMaxSize(5))
                        .as(Request.Subscribe::new),
                LONGS.map(Request.Unsubscribe::new),
                Combinators.combine(
                                LONGS,
                                LONGS,
                                Combinators.combine(NUMBERS, LONGS)
                                        .as(Request.RenewLeases.Lease::new)
                                        .list()
                                        .ofMaxSize(5))
                        .as(Request.RenewLeases::new),
                Combinators.combine(Arbitraries.integers(), LONGS)
                        .as(GroupTerm::new)
                        .list()
                        .ofMaxSize(5)
                        .map(Request.ConfirmTerms::new),
                bytes().map(Request.ToLog::new),
                Arbitraries.of(new Request.ReadClock(), new Request.ReadMemory(), new Request.DescribeDrained()),
                Arbitraries.of(
                        new Request.DescribeAccess(),
                        new Request.DescribeVersions(),
                        new Request.DescribeNode(false),
                        new Request.ReadMeters()),
                VERSIONS.map(Request.RaiseVersion::new),
                LONGS.map(Request.CopyControl::new),
                Arbitraries.of(Request.Inspect.Aspect.class).map(Request.Inspect::new),
                LONGS.map(Request.StartRecording::new),
                LONGS.map(Request.ReadRecording::new),
                Combinators.combine(
                                TEXTS,
                                Arbitraries.of(Request.SetLogLevel.Level.class).injectNull(0.2))
                        .as(Request.SetLogLevel::new),
                Combinators.combine(NUMBERS, changesOfAccess()).as(Request.ChangeAccess::new),
                Combinators.combine(NODES.injectNull(0.3), NUMBERS).as(Request.DrainNode::new),
                Combinators.combine(members(), TEXTS.injectNull(0.3)).as(Request.AddNode::new),
                NODES.map(Request.RemoveNode::new),
                Combinators.combine(NUMBERS, NODES, NODES).as(Request.MoveReplica::new),
                Combinators.combine(Arbitraries.integers(), LONGS).as(Request.ReplicasMoved::new),
                Combinators.combine(Arbitraries.integers(), NODES.list().ofMaxSize(3))
                        .as(Request.OpenReplica::new),
                Combinators.combine(NUMBERS, LONGS, LONGS, LONGS, LONGS).as(Request.FetchCheckpoint::new));
    }

    static Arbitrary<Reply> replies() {
        var entries = Combinators.combine(bytes(), LONGS, LONGS).as(EntryRead::new);
        var results = Combinators.combine(FLAGS, FLAGS, bytes().injectNull(0.3), LONGS, NUMBERS)
                .as(MutationResult::new);
        var changes = Combinators.combine(
                        Arbitraries.of(EntryChange.Kind.class),
                        bytes(),
                        bytes().injectNull(0.3),
                        bytes().injectNull(0.3),
                        LONGS)
                .as(EntryChange::new);
        return Arbitraries.oneOf(
                Combinators.combine(Arbitraries.of(Status.class), TEXTS, LONGS, NODES.injectNull(0.3))
                        .as(Reply.Refused::new),
                Arbitraries.just(new Reply.Done()),
                Combinators.combine(NUMBERS, TEXTS, NODES, NUMBERS, bytes().injectNull(0.5))
                        .as(Reply.Welcome::new),
                Combinators.combine(TEXTS, bytes()).as(Reply.Challenge::new),
                Combinators.combine(TEXTS, ranges()).as(Reply.Versions::new),
                Combinators.combine(
                                Combinators.combine(TEXTS, TEXTS)
                                        .as(Reply.NodeFacts.Fact::new)
                                        .list()
                                        .ofMaxSize(3),
                                NUMBERS,
                                Combinators.combine(NUMBERS, bytes(), NUMBERS)
                                        .as(Reply.NodeFacts.BusyKey::new)
                                        .list()
                                        .ofMaxSize(3))
                        .as(Reply.NodeFacts::new),
                TEXTS.map(Reply.Text::new),
                Combinators.combine(LONGS, bytes()).as(Reply.RecordingPiece::new),
                Combinators.combine(NODES.injectNull(0.3), LONGS, bytes().injectNull(0.3))
                        .as(Reply.ControlCopy::new),
                views().map(Reply.Cluster::new),
                Combinators.combine(caches().list().ofMaxSize(3), NUMBERS).as(Reply.Caches::new),
                caches().map(Reply.Created::new),
                Combinators.combine(
                                NUMBERS,
                                users().list().ofMaxSize(3),
                                roles().list().ofMaxSize(3))
                        .as((revision, users, roles) -> new Reply.Access(
                                new AccessRules(revision, byName(users, User::name), byName(roles, Role::name)))),
                Combinators.combine(NUMBERS, NODES.injectNull(0.3))
                        .as((revision, node) -> new Reply.Drained(new DrainedNode(revision, node))),
                Combinators.combine(
                                LONGS,
                                LONGS,
                                LONGS,
                                entries.injectNull(0.3).list().ofMaxSize(5))
                        .as(Reply.Entries::new),
                Combinators.combine(LONGS, LONGS, bytes().list().ofMaxSize(5), FLAGS)
                        .as(Reply.Keys::new),
                Combinators.combine(LONGS, LONGS, LONGS).as(Reply.Count::new),
                Combinators.combine(LONGS, LONGS, results.list().ofMaxSize(5)).as(Reply.Written::new),
                Combinators.combine(LONGS, LONGS, LONGS, entries.injectNull(0.3))
                        .as(Reply.Leased::new),
                Combinators.combine(
                                Arbitraries.integers(),
                                Arbitraries.of(ReplicaStatus.State.class),
                                LONGS,
                                LONGS,
                                FLAGS,
                                TEXTS)
                        .as(ReplicaStatus::new)
                        .list()
                        .ofMaxSize(3)
                        .map(Reply.Replicas::new),
                Combinators.combine(LONGS, LONGS, FLAGS).as(Reply.Released::new),
                Combinators.combine(LONGS, NUMBERS.list().ofMaxSize(5)).as(Reply.Subscribed::new),
                Combinators.combine(
                                LONGS,
                                Combinators.combine(NUMBERS, changes.list().ofMaxSize(5))
                                        .as(Reply.Changes.OfCache::new)
                                        .list()
                                        .ofMaxSize(3),
                                Combinators.combine(NUMBERS, LONGS)
                                        .as(Reply.Changes.Missed::new)
                                        .list()
                                        .ofMaxSize(3))
                        .as(Reply.Changes::new),
                FLAGS.list().ofMaxSize(5).map(Reply.TermsConfirmed::new),
                bytes().map(Reply.FromLog::new),
                Combinators.combine(LONGS, LONGS).as(Reply.Memory::new),
                Combinators.combine(
                                LONGS,
                                Combinators.combine(NUMBERS, LONGS)
                                        .as(Reply.Clock.LogTime::new)
                                        .list()
                                        .ofMaxSize(3))
                        .as(Reply.Clock::new),
                Combinators.combine(LONGS, bytes()).as(Reply.Checkpoint::new));
    }

    private static <T> SortedMap<String, T> byName(List<T> all, Function<T, String> name) {
        SortedMap<String, T> named = new TreeMap<>();
        all.forEach(one -> named.put(name.apply(one), one));
        return named;
    }

    private static Arbitrary<User> users() {
        return Combinators.combine(
                        NAMES, NAMES.set().ofMinSize(1).ofMaxSize(3).map(TreeSet::new), TEXTS.injectNull(0.3))
                .as(User::new);
    }

    private static Arbitrary<Role> roles() {
        var onCaches = Arbitraries.of(Right.READ, Right.WRITE, Right.CREATE, Right.DESTROY)
                .set()
                .ofMinSize(1);
        var onCluster =
                Arbitraries.of(Right.MONITOR, Right.OPERATE, Right.ADMINISTER).set();
        return Combinators.combine(
                        NAMES,
                        onCluster,
                        Arbitraries.maps(NAMES, onCaches).ofMinSize(1).ofMaxSize(3))
                .as(Role::new);
    }

    private static Arbitrary<AccessChange> changesOfAccess() {
        return Arbitraries.oneOf(
                Combinators.combine(users(), FLAGS).as(AccessChange.PutUser::new),
                TEXTS.map(AccessChange.RemoveUser::new),
                roles().map(AccessChange.PutRole::new),
                TEXTS.map(AccessChange.RemoveRole::new));
    }

    private static Arbitrary<ClusterVersion.Range> ranges() {
        return Combinators.combine(VERSIONS, VERSIONS).as(ClusterVersion.Range::new);
    }

    private static Arbitrary<Member> members() {
        return Combinators.combine(NODES, TEXTS, NUMBERS).as(Member::new);
    }

    private static Arbitrary<ClusterView> views() {
        var replicas = NODES.list().ofMaxSize(3).list().ofMinSize(1).ofMaxSize(5);
        var maps = Combinators.combine(LONGS, replicas).as(ShardMap::new);
        var nodes = NODES.list().ofMaxSize(3);
        var move = Combinators.combine(nodes, nodes, LONGS).as(Layout.Move::new);
        var moves = Arbitraries.maps(Arbitraries.integers(), move)
                .ofMaxSize(3)
                .<SortedMap<Integer, Layout.Move>>map(TreeMap::new);
        var members = Combinators.combine(members(), TEXTS, Arbitraries.of(Layout.Standing.class))
                .as(Layout.Node::new)
                .list()
                .ofMaxSize(3);
        var layouts = Combinators.combine(LONGS, VERSIONS, members, nodes, nodes, maps, moves)
                .as(Layout::new);
        var leaders = Arbitraries.maps(NUMBERS, NODES).ofMaxSize(3);
        return Combinators.combine(TEXTS, layouts, leaders).as(ClusterView::new);
    }
}
