package dev.lockstep.protocol.wire;

import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Request.ConfirmTerms.GroupTerm;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The bytes of each {@link Request}: a tag, then its fields. Stateless. */
public final class RequestCodec {

    private static final int PASS_ON = 28;

    private RequestCodec() {}

    public static void write(WireWriter out, Request request) {
        if (request instanceof Request.Get get) {
            out.u8(1);
            shard(out, get);
            out.list(get.keys(), WireWriter::bytes).bool(get.withValues());
            read(out, get);
        } else if (request instanceof Request.Write write) {
            out.u8(2);
            shard(out, write);
            ValueCodec.requestId(out, write.id());
            out.list(write.mutations(), ValueCodec::mutation);
            ValueCodec.leaseId(out, write.lease());
        } else if (request instanceof Request.Clear clear) {
            out.u8(3);
            shard(out, clear);
            ValueCodec.requestId(out, clear.id());
        } else if (request instanceof Request.ReadForUpdate read) {
            out.u8(4);
            shard(out, read);
            out.bytes(read.key());
            ValueCodec.leaseId(out, read.lease());
            out.varint(read.waitMillis()).varint(read.holdMillis());
        } else if (request instanceof Request.Release release) {
            out.u8(5);
            shard(out, release);
            out.bytes(release.key());
            ValueCodec.leaseId(out, release.lease());
            ValueCodec.condition(out, release.condition());
        } else if (request instanceof Request.Scan scan) {
            out.u8(6);
            shard(out, scan);
            out.optional(scan.after(), WireWriter::bytes).varint(scan.limit());
            read(out, scan);
        } else if (request instanceof Request.Size size) {
            out.u8(7);
            shard(out, size);
            read(out, size);
        } else if (request instanceof Request.Subscribe subscribe) {
            out.u8(8).varint(subscribe.shard()).varint(subscribe.minPosition());
            out.varint(subscribe.base()).signed(subscribe.basePosition());
            out.list(subscribe.caches(), (o, one) -> o.varint(one.cacheId()).signed(one.afterPosition()));
        } else if (request instanceof Request.Unsubscribe unsubscribe) {
            out.u8(9).varint(unsubscribe.correlationId());
        } else if (request instanceof Request.RenewLeases renewal) {
            out.u8(10).i64(renewal.sessionHigh()).i64(renewal.sessionLow());
            out.list(renewal.leases(), (o, lease) -> o.varint(lease.shard()).varint(lease.number()));
        } else {
            writeControl(out, request);
        }
    }

    private static void writeControl(WireWriter out, Request request) {
        if (request instanceof Request.Hello hello) {
            out.u8(16).varint(hello.minVersion()).varint(hello.maxVersion()).string(hello.cluster());
            out.optional(hello.node(), ValueCodec::identity).optional(hello.login(), WireWriter::bytes);
        } else if (request instanceof Request.Authenticate authenticate) {
            out.u8(15).bytes(authenticate.message());
        } else if (request instanceof Request.DescribeCluster) {
            out.u8(17);
        } else if (request instanceof Request.ListCaches) {
            out.u8(18);
        } else if (request instanceof Request.CreateCache create) {
            out.u8(19);
            ValueCodec.proposal(out, create.proposal());
            out.varint(create.highestId()).bool(create.onlyExisting());
        } else if (request instanceof Request.DestroyCache destroy) {
            out.u8(20).varint(destroy.cacheId());
        } else if (request instanceof Request.ConfirmTerms confirm) {
            out.u8(21).list(confirm.terms(), (o, term) -> o.signed(term.group()).varint(term.term()));
        } else if (request instanceof Request.ToLog toLog) {
            out.u8(22).bytes(toLog.message());
        } else if (request instanceof Request.FetchCheckpoint fetch) {
            out.u8(23).varint(fetch.shard()).varint(fetch.since());
            out.varint(fetch.term()).varint(fetch.position()).varint(fetch.offset());
        } else if (request instanceof Request.DescribeReplicas) {
            out.u8(24);
        } else if (request instanceof Request.RecoverReplica recover) {
            out.u8(25).signed(recover.group()).varint(recover.term()).bool(recover.electable());
        } else if (request instanceof Request.AlterCache alter) {
            out.u8(26).varint(alter.cacheId()).varint(alter.revision());
            out.optional(alter.expiry(), ValueCodec::rule);
            ValueCodec.bounds(out, optional(alter.maxEntries()), optional(alter.maxBytes()));
            out.optional(alter.consistency(), (o, consistency) -> o.u8(consistency.ordinal()));
            out.optional(alter.entryProcessing(), (o, processing) -> o.u8(processing.ordinal()));
        } else if (request instanceof Request.PassOn passOn) {
            out.u8(PASS_ON);
            ValueCodec.nodeId(out, passOn.to());
            write(out, passOn.request());
        } else if (request instanceof Request.ReadMemory) {
            out.u8(40);
        } else if (request instanceof Request.ReadClock) {
            out.u8(27);
        } else if (request instanceof Request.DescribeDrained) {
            out.u8(29);
        } else if (request instanceof Request.DrainNode drain) {
            out.u8(30).optional(drain.node(), ValueCodec::nodeId).varint(drain.revision());
        } else {
            writeLayout(out, request);
        }
    }

    private static void writeLayout(WireWriter out, Request request) {
        if (request instanceof Request.AddNode add) {
            out.u8(31);
            ValueCodec.member(out, add.member());
            out.optional(add.zone(), WireWriter::string);
        } else if (request instanceof Request.RemoveNode remove) {
            out.u8(32);
            ValueCodec.nodeId(out, remove.node());
        } else if (request instanceof Request.MoveReplica move) {
            out.u8(33).varint(move.shard());
            ValueCodec.nodeId(out, move.from());
            ValueCodec.nodeId(out, move.to());
        } else if (request instanceof Request.ReplicasMoved moved) {
            out.u8(34).signed(moved.group()).varint(moved.since());
        } else if (request instanceof Request.OpenReplica open) {
            out.u8(35).signed(open.group()).list(open.voters(), ValueCodec::nodeId);
        } else if (request instanceof Request.DescribeAccess) {
            out.u8(36);
        } else if (request instanceof Request.ChangeAccess change) {
            out.u8(37).varint(change.revision());
            AccessCodec.change(out, change.change());
        } else if (request instanceof Request.DescribeVersions) {
            out.u8(38);
        } else if (request instanceof Request.RaiseVersion raise) {
            out.u8(39);
            ValueCodec.clusterVersion(out, raise.to());
        } else if (request instanceof Request.DescribeNode describe) {
            out.u8(41).bool(describe.triesDisk());
        } else if (request instanceof Request.ReadMeters) {
            out.u8(42);
        } else if (request instanceof Request.CopyControl copy) {
            out.u8(43).varint(copy.since());
        } else if (request instanceof Request.Inspect inspect) {
            out.u8(44).u8(inspect.aspect().ordinal());
        } else if (request instanceof Request.StartRecording start) {
            out.u8(45).varint(start.millis());
        } else if (request instanceof Request.ReadRecording read) {
            out.u8(46).varint(read.offset());
        } else if (request instanceof Request.SetLogLevel set) {
            out.u8(47).string(set.logger()).optional(set.level(), (of, level) -> of.u8(level.ordinal()));
        } else {
            throw new IllegalArgumentException("No encoding for " + request);
        }
    }

    public static Request read(WireReader in) {
        int tag = in.u8();
        return tag == PASS_ON ? passOn(in) : read(tag, in);
    }

    private static Request passOn(WireReader in) {
        NodeId to = ValueCodec.nodeId(in);
        return new Request.PassOn(to, read(in.u8(), in));
    }

    /** Reads any request but one that passes on another, so that what is passed on is not passed on again. */
    private static Request read(int tag, WireReader in) {
        return switch (tag) {
            case 1 ->
                new Request.Get(
                        in.size(),
                        in.size(),
                        in.list(WireReader::bytes),
                        in.bool(),
                        in.constant(ValueCodec.CONSISTENCIES),
                        in.varint(),
                        in.varint());
            case 2 ->
                new Request.Write(
                        in.size(),
                        in.size(),
                        ValueCodec.requestId(in),
                        in.list(ValueCodec::mutation),
                        ValueCodec.leaseId(in));
            case 3 -> new Request.Clear(in.size(), in.size(), ValueCodec.requestId(in));
            case 4 ->
                new Request.ReadForUpdate(
                        in.size(), in.size(), in.bytes(), ValueCodec.leaseId(in), in.varint(), in.varint());
            case 5 ->
                new Request.Release(in.size(), in.size(), in.bytes(), ValueCodec.leaseId(in), ValueCodec.condition(in));
            case 6 ->
                new Request.Scan(
                        in.size(),
                        in.size(),
                        in.optional(WireReader::bytes),
                        in.size(),
                        in.constant(ValueCodec.CONSISTENCIES),
                        in.varint(),
                        in.varint());
            case 7 ->
                new Request.Size(in.size(), in.size(), in.constant(ValueCodec.CONSISTENCIES), in.varint(), in.varint());
            case 8 ->
                new Request.Subscribe(
                        in.size(),
                        in.varint(),
                        in.varint(),
                        in.signed(),
                        in.list(i -> new Request.Subscribe.Start(i.size(), i.signed())));
            case 9 -> new Request.Unsubscribe(in.varint());
            case 10 ->
                new Request.RenewLeases(
                        in.i64(), in.i64(), in.list(i -> new Request.RenewLeases.Lease(i.size(), i.varint())));
            case 15 -> new Request.Authenticate(in.bytes());
            case 16 ->
                new Request.Hello(
                        in.size(),
                        in.size(),
                        in.string(),
                        in.optional(ValueCodec::identity),
                        in.optional(WireReader::bytes));
            case 17 -> new Request.DescribeCluster();
            case 18 -> new Request.ListCaches();
            case 19 -> new Request.CreateCache(ValueCodec.proposal(in), in.size(), in.bool());
            case 20 -> new Request.DestroyCache(in.size());
            case 21 -> new Request.ConfirmTerms(in.list(i -> new GroupTerm((int) i.signed(), i.varint())));
            case 22 -> new Request.ToLog(in.bytes());
            case 23 -> new Request.FetchCheckpoint(in.size(), in.varint(), in.varint(), in.varint(), in.varint());
            case 24 -> new Request.DescribeReplicas();
            case 25 -> new Request.RecoverReplica((int) in.signed(), in.varint(), in.bool());
            case 26 -> alterCache(in);
            case 27 -> new Request.ReadClock();
            case 29 -> new Request.DescribeDrained();
            case 30 -> new Request.DrainNode(in.optional(ValueCodec::nodeId), in.size());
            case 31 -> new Request.AddNode(ValueCodec.member(in), in.optional(WireReader::string));
            case 32 -> new Request.RemoveNode(ValueCodec.nodeId(in));
            case 33 -> new Request.MoveReplica(in.size(), ValueCodec.nodeId(in), ValueCodec.nodeId(in));
            case 34 -> new Request.ReplicasMoved((int) in.signed(), in.varint());
            case 35 -> new Request.OpenReplica((int) in.signed(), in.list(ValueCodec::nodeId));
            case 36 -> new Request.DescribeAccess();
            case 37 -> new Request.ChangeAccess(in.size(), AccessCodec.change(in));
            case 38 -> new Request.DescribeVersions();
            case 39 -> new Request.RaiseVersion(ValueCodec.clusterVersion(in));
            case 41 -> new Request.DescribeNode(in.bool());
            case 42 -> new Request.ReadMeters();
            case 40 -> new Request.ReadMemory();
            case 43 -> new Request.CopyControl(in.varint());
            case 44 -> new Request.Inspect(in.constant(ValueCodec.ASPECTS));
            case 45 -> new Request.StartRecording(in.varint());
            case 46 -> new Request.ReadRecording(in.varint());
            case 47 -> new Request.SetLogLevel(in.string(), in.optional(of -> of.constant(ValueCodec.LOG_LEVELS)));
            default -> throw new MalformedFrameException("There is no request " + tag);
        };
    }

    private static void shard(WireWriter out, Request.OfCache request) {
        out.varint(request.cacheId()).varint(request.shard());
    }

    private static void read(WireWriter out, Request.Read read) {
        out.u8(read.consistency().ordinal()).varint(read.minPosition()).varint(read.judgedAtMillis());
    }

    private static Request.AlterCache alterCache(WireReader in) {
        int cacheId = in.size();
        int revision = in.size();
        ExpiryRule expiry = in.optional(ValueCodec::rule);
        int bounds = ValueCodec.bounds(in);
        return new Request.AlterCache(
                cacheId,
                revision,
                expiry,
                nullable(ValueCodec.bound(in, bounds, ValueCodec.MAX_ENTRIES)),
                nullable(ValueCodec.bound(in, bounds, ValueCodec.MAX_BYTES)),
                in.optional(i -> i.constant(ValueCodec.CONSISTENCIES)),
                in.optional(i -> i.constant(ValueCodec.ENTRY_PROCESSINGS)));
    }

    private static OptionalLong optional(@Nullable Long bound) {
        return bound == null ? OptionalLong.empty() : OptionalLong.of(bound);
    }

    private static @Nullable Long nullable(OptionalLong bound) {
        return bound.isPresent() ? (Long) bound.getAsLong() : null;
    }
}
