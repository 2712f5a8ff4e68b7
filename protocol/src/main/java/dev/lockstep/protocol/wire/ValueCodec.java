package dev.lockstep.protocol.wire;

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
import dev.lockstep.protocol.wire.Condition.AbsentSince;
import dev.lockstep.protocol.wire.Condition.ValueIs;
import dev.lockstep.protocol.wire.Condition.VersionIs;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** The bytes of the values that requests, replies and log entries are made of. Stateless. */
public final class ValueCodec {

    private static final Mutation.Action[] ACTIONS = Mutation.Action.values();
    private static final EntryChange.Kind[] CHANGES = EntryChange.Kind.values();
    static final Consistency[] CONSISTENCIES = Consistency.values();
    static final Request.Inspect.Aspect[] ASPECTS = Request.Inspect.Aspect.values();
    static final Request.SetLogLevel.Level[] LOG_LEVELS = Request.SetLogLevel.Level.values();
    static final EntryProcessing[] ENTRY_PROCESSINGS = EntryProcessing.values();

    /** Which bounds of a cache follow. */
    static final int MAX_ENTRIES = 1;

    static final int MAX_BYTES = 2;
    /** In the byte of the way of processing of a definition. */
    private static final int MAX_BYTES_FOLLOW = 0x80;

    private static final Layout.Standing[] STANDINGS = Layout.Standing.values();
    private static final ReplicaStatus.State[] REPLICA_STATES = ReplicaStatus.State.values();

    private ValueCodec() {}

    public static void requestId(WireWriter out, RequestId id) {
        out.i64(id.sessionHigh()).i64(id.sessionLow()).varint(id.sequence()).varint(id.completedBelow());
    }

    public static RequestId requestId(WireReader in) {
        return new RequestId(in.i64(), in.i64(), in.varint(), in.varint());
    }

    static void leaseId(WireWriter out, LeaseId id) {
        out.varint(id.number());
        if (!id.isNone()) {
            out.i64(id.sessionHigh()).i64(id.sessionLow());
        }
    }

    static LeaseId leaseId(WireReader in) {
        long number = in.varint();
        return number == 0 ? LeaseId.NONE : new LeaseId(in.i64(), in.i64(), number);
    }

    public static void mutation(WireWriter out, Mutation mutation) {
        out.u8(mutation.action().ordinal());
        out.bytes(mutation.key());
        if (mutation.value() != null) {
            out.bytes(mutation.value());
        }
        condition(out, mutation.condition());
        lifetime(out, mutation.lifetime());
        out.bool(mutation.returnOld());
    }

    public static Mutation mutation(WireReader in) {
        Mutation.Action action = in.constant(ACTIONS);
        Bytes key = in.bytes();
        Bytes value = action == Mutation.Action.PUT ? in.bytes() : null;
        return new Mutation(key, action, value, condition(in), lifetime(in), in.bool());
    }

    static void condition(WireWriter out, Condition condition) {
        if (condition instanceof Condition.Any) {
            out.u8(0);
        } else if (condition instanceof Condition.Absent) {
            out.u8(1);
        } else if (condition instanceof Condition.Present) {
            out.u8(2);
        } else if (condition instanceof ValueIs valueIs) {
            out.u8(3).bytes(valueIs.value());
        } else if (condition instanceof VersionIs versionIs) {
            out.u8(4).varint(versionIs.version());
        } else if (condition instanceof AbsentSince absentSince) {
            out.u8(5).varint(absentSince.version());
        }
    }

    static Condition condition(WireReader in) {
        int tag = in.u8();
        return switch (tag) {
            case 0 -> Condition.ANY;
            case 1 -> Condition.ABSENT;
            case 2 -> Condition.PRESENT;
            case 3 -> new ValueIs(in.bytes());
            case 4 -> new VersionIs(in.varint());
            case 5 -> new AbsentSince(in.varint());
            default -> throw new MalformedFrameException("There is no condition " + tag);
        };
    }

    static void lifetime(WireWriter out, Lifetime lifetime) {
        out.signed(lifetime.millis());
    }

    static Lifetime lifetime(WireReader in) {
        long millis = in.signed();
        if (millis < -3) {
            throw new MalformedFrameException("There is no lifetime " + millis);
        }
        return new Lifetime(millis);
    }

    public static void result(WireWriter out, MutationResult result) {
        out.u8((result.applied() ? 1 : 0) | (result.existed() ? 2 : 0));
        out.optional(result.old(), WireWriter::bytes);
        out.varint(result.version()).varint(result.changes());
    }

    public static MutationResult result(WireReader in) {
        int flags = in.u8();
        return new MutationResult(
                (flags & 1) != 0, (flags & 2) != 0, in.optional(WireReader::bytes), in.varint(), in.size());
    }

    static void entry(WireWriter out, EntryRead entry) {
        out.bytes(entry.value()).varint(entry.version()).varint(entry.deadlineMillis());
    }

    static EntryRead entry(WireReader in) {
        return new EntryRead(in.bytes(), in.varint(), in.varint());
    }

    public static void change(WireWriter out, EntryChange change) {
        out.u8(change.kind().ordinal()).bytes(change.key());
        out.optional(change.value(), WireWriter::bytes).optional(change.old(), WireWriter::bytes);
        out.varint(change.version());
    }

    public static EntryChange change(WireReader in) {
        return new EntryChange(
                in.constant(CHANGES),
                in.bytes(),
                in.optional(WireReader::bytes),
                in.optional(WireReader::bytes),
                in.varint());
    }

    public static void cacheInfo(WireWriter out, CacheInfo info) {
        out.varint(info.id()).varint(info.revision());
        definition(out, info.definition());
    }

    public static CacheInfo cacheInfo(WireReader in) {
        return new CacheInfo(in.size(), in.size(), definition(in));
    }

    public static void rule(WireWriter out, ExpiryRule rule) {
        lifetime(out, rule.creation());
        lifetime(out, rule.update());
        lifetime(out, rule.access());
    }

    public static ExpiryRule rule(WireReader in) {
        return new ExpiryRule(lifetime(in), lifetime(in), lifetime(in));
    }

    public static void proposal(WireWriter out, CacheProposal proposal) {
        out.string(proposal.name()).string(proposal.keyType()).string(proposal.valueType());
        out.optional(proposal.expiry(), ValueCodec::rule).string(proposal.expiryPolicy());
        settings(out, proposal.own());
        settings(out, proposal.template());
        out.string(proposal.place());
    }

    public static CacheProposal proposal(WireReader in) {
        try {
            return new CacheProposal(
                    in.string(),
                    in.string(),
                    in.string(),
                    in.optional(ValueCodec::rule),
                    in.string(),
                    settings(in),
                    settings(in),
                    in.string());
        } catch (IllegalArgumentException invalid) {
            throw new MalformedFrameException(String.valueOf(invalid.getMessage()));
        }
    }

    private static void settings(WireWriter out, CacheSettings settings) {
        bounds(out, settings.maxEntries(), settings.maxBytes());
        out.optional(settings.consistency().map(Enum::ordinal).orElse(null), WireWriter::u8);
        out.optional(settings.entryProcessing().map(Enum::ordinal).orElse(null), WireWriter::u8);
        out.optional(settings.timeToLive().map(Duration::toMillis).orElse(null), WireWriter::varint);
        out.optional(settings.timeToIdle().map(Duration::toMillis).orElse(null), WireWriter::varint);
    }

    private static CacheSettings settings(WireReader in) {
        int bounds = bounds(in);
        return new CacheSettings(
                bound(in, bounds, MAX_ENTRIES),
                bound(in, bounds, MAX_BYTES),
                Optional.ofNullable(in.optional(i -> i.constant(CONSISTENCIES))),
                Optional.ofNullable(in.optional(i -> i.constant(ENTRY_PROCESSINGS))),
                Optional.ofNullable(in.optional(ValueCodec::positive)).map(Duration::ofMillis),
                Optional.ofNullable(in.optional(ValueCodec::positive)).map(Duration::ofMillis));
    }

    /** Without a bound in bytes the bytes are those that a cluster of version 2 has. */
    static void bounds(WireWriter out, OptionalLong maxEntries, OptionalLong maxBytes) {
        out.u8((maxEntries.isPresent() ? MAX_ENTRIES : 0) | (maxBytes.isPresent() ? MAX_BYTES : 0));
        maxEntries.ifPresent(out::varint);
        maxBytes.ifPresent(out::varint);
    }

    /** Returns which bounds follow, for {@link #bound}. */
    static int bounds(WireReader in) {
        int bounds = in.u8();
        if (bounds > (MAX_ENTRIES | MAX_BYTES)) {
            throw new MalformedFrameException("There are no bounds " + bounds);
        }
        return bounds;
    }

    static OptionalLong bound(WireReader in, int bounds, int which) {
        return (bounds & which) == 0 ? OptionalLong.empty() : OptionalLong.of(positive(in));
    }

    static long positive(WireReader in) {
        long number = in.varint();
        if (number < 0) {
            throw new MalformedFrameException("There is no negative bound or lifetime: " + number);
        }
        return number;
    }

    public static void definition(WireWriter out, CacheDefinition definition) {
        out.string(definition.name()).string(definition.keyType()).string(definition.valueType());
        rule(out, definition.expiry());
        out.string(definition.expiryPolicy()).varint(definition.maxEntries());
        out.u8(definition.consistency().ordinal());
        boolean hasMaxBytes = definition.maxBytes() > 0;
        out.u8(definition.entryProcessing().ordinal() | (hasMaxBytes ? MAX_BYTES_FOLLOW : 0));
        if (hasMaxBytes) {
            out.varint(definition.maxBytes());
        }
    }

    public static CacheDefinition definition(WireReader in) {
        String name = in.string();
        String keyType = in.string();
        String valueType = in.string();
        ExpiryRule expiry = rule(in);
        String expiryPolicy = in.string();
        long maxEntries = in.varint();
        Consistency consistency = in.constant(CONSISTENCIES);
        int processing = in.u8();
        long maxBytes = (processing & MAX_BYTES_FOLLOW) == 0 ? 0 : positive(in);
        int ordinal = processing & ~MAX_BYTES_FOLLOW;
        if (ordinal >= ENTRY_PROCESSINGS.length) {
            throw new MalformedFrameException("There is no way of entry processing " + ordinal);
        }
        try {
            return new CacheDefinition(
                    name,
                    keyType,
                    valueType,
                    expiry,
                    expiryPolicy,
                    maxEntries,
                    maxBytes,
                    consistency,
                    ENTRY_PROCESSINGS[ordinal]);
        } catch (IllegalArgumentException invalid) {
            throw new MalformedFrameException(String.valueOf(invalid.getMessage()));
        }
    }

    public static void replica(WireWriter out, ReplicaStatus replica) {
        out.signed(replica.group()).u8(replica.state().ordinal()).varint(replica.term());
        out.varint(replica.position()).bool(replica.leads()).string(replica.note());
    }

    public static ReplicaStatus replica(WireReader in) {
        return new ReplicaStatus(
                (int) in.signed(), in.constant(REPLICA_STATES), in.varint(), in.varint(), in.bool(), in.string());
    }

    public static void drained(WireWriter out, DrainedNode drained) {
        out.varint(drained.revision()).optional(drained.node(), ValueCodec::nodeId);
    }

    public static DrainedNode drained(WireReader in) {
        return new DrainedNode(in.size(), in.optional(ValueCodec::nodeId));
    }

    public static void nodeId(WireWriter out, NodeId id) {
        out.string(id.name());
    }

    public static NodeId nodeId(WireReader in) {
        try {
            return new NodeId(in.string());
        } catch (IllegalArgumentException invalid) {
            throw new MalformedFrameException(String.valueOf(invalid.getMessage()));
        }
    }

    static void identity(WireWriter out, NodeIdentity identity) {
        nodeId(out, identity.id());
        out.i64(identity.incarnation());
        out.optional(identity.clusterVersion(), ValueCodec::clusterVersion);
        range(out, identity.able());
        out.list(
                identity.formation().facts(),
                (o, fact) -> o.string(fact.key())
                        .string(fact.value())
                        .string(fact.place())
                        .bool(fact.fixed()));
    }

    static NodeIdentity identity(WireReader in) {
        return new NodeIdentity(
                nodeId(in),
                in.i64(),
                in.optional(ValueCodec::clusterVersion),
                range(in),
                new Formation(in.list(i -> new Formation.Fact(i.string(), i.string(), i.string(), i.bool()))));
    }

    static void clusterVersion(WireWriter out, ClusterVersion version) {
        out.varint(version.number());
    }

    static ClusterVersion clusterVersion(WireReader in) {
        return new ClusterVersion(in.size());
    }

    static void range(WireWriter out, ClusterVersion.Range range) {
        clusterVersion(out, range.oldest());
        clusterVersion(out, range.newest());
    }

    static ClusterVersion.Range range(WireReader in) {
        return new ClusterVersion.Range(clusterVersion(in), clusterVersion(in));
    }

    static void view(WireWriter out, ClusterView view) {
        out.string(view.cluster());
        layout(out, view.layout());
        out.list(view.leaders().entrySet(), (o, leader) -> {
            o.varint(leader.getKey());
            nodeId(o, leader.getValue());
        });
    }

    static ClusterView view(WireReader in) {
        String cluster = in.string();
        Layout layout = layout(in);
        Map<Integer, NodeId> leaders = new HashMap<>();
        in.list(i -> leaders.put(i.size(), nodeId(i)));
        return new ClusterView(cluster, layout, leaders);
    }

    public static void layout(WireWriter out, Layout layout) {
        out.i64(layout.clusterId());
        clusterVersion(out, layout.clusterVersion());
        out.list(layout.nodes(), (o, node) -> {
            member(o, node.member());
            o.string(node.zone()).u8(node.standing().ordinal());
        });
        out.list(layout.removed(), ValueCodec::nodeId);
        out.list(layout.control(), ValueCodec::nodeId);
        out.varint(layout.version());
        out.list(layout.map().replicas(), (o, nodes) -> o.list(nodes, ValueCodec::nodeId));
        out.list(layout.moves().entrySet(), (o, one) -> {
            Layout.Move move = one.getValue();
            o.signed(one.getKey()).list(move.to(), ValueCodec::nodeId);
            o.list(move.dropped(), ValueCodec::nodeId).varint(move.since());
        });
    }

    public static Layout layout(WireReader in) {
        long clusterId = in.i64();
        ClusterVersion clusterVersion = clusterVersion(in);
        var nodes = in.list(i -> new Layout.Node(member(i), i.string(), i.constant(STANDINGS)));
        var removed = in.list(ValueCodec::nodeId);
        var control = in.list(ValueCodec::nodeId);
        long version = in.varint();
        var replicas = in.list(i -> i.list(ValueCodec::nodeId));
        SortedMap<Integer, Layout.Move> moves = new TreeMap<>();
        in.list(i -> moves.put(
                (int) i.signed(), new Layout.Move(i.list(ValueCodec::nodeId), i.list(ValueCodec::nodeId), i.varint())));
        try {
            return new Layout(
                    clusterId, clusterVersion, nodes, removed, control, new ShardMap(version, replicas), moves);
        } catch (IllegalArgumentException invalid) {
            throw new MalformedFrameException(String.valueOf(invalid.getMessage()));
        }
    }

    static void member(WireWriter out, Member member) {
        nodeId(out, member.id());
        out.string(member.host()).varint(member.port());
    }

    static Member member(WireReader in) {
        return new Member(nodeId(in), in.string(), in.size());
    }
}
