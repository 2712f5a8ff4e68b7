package dev.lockstep.protocol.wire;

/** The bytes of each {@link Reply}: a tag, then its fields. Stateless. */
public final class ReplyCodec {

    private static final Status[] STATUSES = Status.values();

    private ReplyCodec() {}

    public static void write(WireWriter out, Reply reply) {
        if (reply instanceof Reply.Entries entries) {
            out.u8(1)
                    .varint(entries.position())
                    .varint(entries.judgedAtMillis())
                    .varint(entries.lastVersion());
            out.list(entries.entries(), (o, entry) -> o.optional(entry, ValueCodec::entry));
        } else if (reply instanceof Reply.Written written) {
            out.u8(2).varint(written.position()).varint(written.logTimeMillis());
            out.list(written.results(), ValueCodec::result);
        } else if (reply instanceof Reply.Refused refused) {
            out.u8(3).u8(refused.status().ordinal()).string(refused.message());
            out.varint(refused.retryAfterMillis()).optional(refused.leader(), ValueCodec::nodeId);
        } else if (reply instanceof Reply.Done) {
            out.u8(4);
        } else if (reply instanceof Reply.Leased leased) {
            out.u8(5).varint(leased.position()).varint(leased.judgedAtMillis()).varint(leased.lastVersion());
            out.optional(leased.entry(), ValueCodec::entry);
        } else if (reply instanceof Reply.Released released) {
            out.u8(6)
                    .varint(released.position())
                    .varint(released.judgedAtMillis())
                    .bool(released.held());
        } else if (reply instanceof Reply.Keys keys) {
            out.u8(7).varint(keys.position()).varint(keys.judgedAtMillis());
            out.list(keys.keys(), WireWriter::bytes).bool(keys.complete());
        } else if (reply instanceof Reply.Count count) {
            out.u8(8).varint(count.position()).varint(count.judgedAtMillis()).varint(count.count());
        } else if (reply instanceof Reply.Subscribed subscribed) {
            out.u8(9).varint(subscribed.position()).list(subscribed.unknown(), (o, id) -> o.varint(id));
        } else if (reply instanceof Reply.Changes changes) {
            out.u8(10).raw(changes.encoded());
        } else {
            writeControl(out, reply);
        }
    }

    private static void writeControl(WireWriter out, Reply reply) {
        if (reply instanceof Reply.Welcome welcome) {
            out.u8(16).varint(welcome.version()).string(welcome.cluster());
            ValueCodec.nodeId(out, welcome.node());
            out.varint(welcome.maxFrameBytes()).optional(welcome.proof(), WireWriter::bytes);
        } else if (reply instanceof Reply.Challenge challenge) {
            out.u8(15).string(challenge.mechanism()).bytes(challenge.message());
        } else if (reply instanceof Reply.Cluster cluster) {
            out.u8(17);
            ValueCodec.view(out, cluster.view());
        } else if (reply instanceof Reply.Caches caches) {
            out.u8(18).list(caches.caches(), ValueCodec::cacheInfo).varint(caches.highestId());
        } else if (reply instanceof Reply.TermsConfirmed terms) {
            out.u8(19).list(terms.confirmed(), WireWriter::bool);
        } else if (reply instanceof Reply.FromLog fromLog) {
            out.u8(20).bytes(fromLog.message());
        } else if (reply instanceof Reply.Checkpoint checkpoint) {
            out.u8(21).varint(checkpoint.since()).bytes(checkpoint.piece());
        } else if (reply instanceof Reply.Replicas replicas) {
            out.u8(22).list(replicas.replicas(), ValueCodec::replica);
        } else if (reply instanceof Reply.Memory memory) {
            out.u8(28).varint(memory.used()).varint(memory.budget());
        } else if (reply instanceof Reply.Clock clock) {
            out.u8(23).varint(clock.millis());
            out.list(clock.logs(), (o, log) -> o.varint(log.shard()).varint(log.millis()));
        } else if (reply instanceof Reply.Drained drained) {
            out.u8(25);
            ValueCodec.drained(out, drained.drained());
        } else if (reply instanceof Reply.Created created) {
            out.u8(24);
            ValueCodec.cacheInfo(out, created.cache());
        } else if (reply instanceof Reply.Access access) {
            out.u8(26);
            AccessCodec.rules(out, access.rules());
        } else if (reply instanceof Reply.Versions versions) {
            out.u8(27).string(versions.software());
            ValueCodec.range(out, versions.able());
        } else if (reply instanceof Reply.NodeFacts node) {
            out.u8(29);
            out.list(node.facts(), (o, fact) -> o.string(fact.name()).string(fact.value()));
            out.varint(node.sampled());
            out.list(
                    node.busiest(),
                    (o, key) -> o.varint(key.cacheId()).bytes(key.key()).varint(key.seen()));
        } else if (reply instanceof Reply.Text text) {
            out.u8(30).string(text.text());
        } else if (reply instanceof Reply.ControlCopy copy) {
            out.u8(31).optional(copy.leader(), ValueCodec::nodeId).varint(copy.position());
            out.optional(copy.state(), WireWriter::bytes);
        } else if (reply instanceof Reply.RecordingPiece recording) {
            out.u8(32).varint(recording.total()).bytes(recording.piece());
        } else {
            throw new IllegalArgumentException("No encoding for " + reply);
        }
    }

    public static Reply read(WireReader in) {
        int tag = in.u8();
        return switch (tag) {
            case 1 ->
                new Reply.Entries(in.varint(), in.varint(), in.varint(), in.list(i -> i.optional(ValueCodec::entry)));
            case 2 -> new Reply.Written(in.varint(), in.varint(), in.list(ValueCodec::result));
            case 3 ->
                new Reply.Refused(in.constant(STATUSES), in.string(), in.varint(), in.optional(ValueCodec::nodeId));
            case 4 -> new Reply.Done();
            case 5 -> new Reply.Leased(in.varint(), in.varint(), in.varint(), in.optional(ValueCodec::entry));
            case 6 -> new Reply.Released(in.varint(), in.varint(), in.bool());
            case 7 -> new Reply.Keys(in.varint(), in.varint(), in.list(WireReader::bytes), in.bool());
            case 8 -> new Reply.Count(in.varint(), in.varint(), in.varint());
            case 9 -> new Reply.Subscribed(in.varint(), in.list(WireReader::size));
            case 10 ->
                new Reply.Changes(
                        in.varint(),
                        in.list(i -> new Reply.Changes.OfCache(i.size(), i.list(ValueCodec::change))),
                        in.list(i -> new Reply.Changes.Missed(i.size(), i.varint())));
            case 15 -> new Reply.Challenge(in.string(), in.bytes());
            case 16 ->
                new Reply.Welcome(
                        in.size(), in.string(), ValueCodec.nodeId(in), in.size(), in.optional(WireReader::bytes));
            case 17 -> new Reply.Cluster(ValueCodec.view(in));
            case 18 -> new Reply.Caches(in.list(ValueCodec::cacheInfo), in.size());
            case 19 -> new Reply.TermsConfirmed(in.list(WireReader::bool));
            case 20 -> new Reply.FromLog(in.bytes());
            case 21 -> new Reply.Checkpoint(in.varint(), in.bytes());
            case 22 -> new Reply.Replicas(in.list(ValueCodec::replica));
            case 23 -> new Reply.Clock(in.varint(), in.list(i -> new Reply.Clock.LogTime(i.size(), i.varint())));
            case 24 -> new Reply.Created(ValueCodec.cacheInfo(in));
            case 25 -> new Reply.Drained(ValueCodec.drained(in));
            case 26 -> new Reply.Access(AccessCodec.rules(in));
            case 27 -> new Reply.Versions(in.string(), ValueCodec.range(in));
            case 29 ->
                new Reply.NodeFacts(
                        in.list(i -> new Reply.NodeFacts.Fact(i.string(), i.string())),
                        in.size(),
                        in.list(i -> new Reply.NodeFacts.BusyKey(i.size(), i.bytes(), i.size())));
            case 30 -> new Reply.Text(in.string());
            case 28 -> new Reply.Memory(in.varint(), in.varint());
            case 31 ->
                new Reply.ControlCopy(in.optional(ValueCodec::nodeId), in.varint(), in.optional(WireReader::bytes));
            case 32 -> new Reply.RecordingPiece(in.varint(), in.bytes());
            default -> throw new MalformedFrameException("There is no reply " + tag);
        };
    }
}
