package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.control.ClusterMachine;
import dev.lockstep.cluster.machine.Applied;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.BatchCodec;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Conditions;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.machine.ShardMachine;
import dev.lockstep.cluster.store.HeapStore;
import dev.lockstep.protocol.routing.LocalEntry;
import dev.lockstep.protocol.routing.SessionPositions;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One hosted replica of a shard. The thread that applies the log announces each position in {@code applying} before it
 * changes the store and in {@code applied} afterwards; readers check the one and report the other, and so need no lock.
 *
 * <p>Thread-safe. Serves a shard whose only voter is this node, which needs neither read rounds nor positions to wait for.
 */
public final class ShardReplica implements LogMachine, AutoCloseable {

    private final ClusterMachine cluster;
    private final Time time;
    private final HeapStore store = new HeapStore();
    private final ShardMachine machine = new ShardMachine(store);
    private final ChangeWindow window = new ChangeWindow();
    private final EntryLeases leases;
    private final ReplicatedLog log;
    private final Proposer proposer;
    private volatile long applying;
    private volatile long applied;
    private volatile long checksum;

    public ShardReplica(
            int shard,
            List<NodeId> replicas,
            Consensus consensus,
            ClusterMachine cluster,
            Time time,
            EventLoop loop,
            int maxWaiting) {
        this.cluster = cluster;
        this.time = time;
        this.leases = new EntryLeases(loop);
        this.log = consensus.open(shard, replicas, this);
        this.proposer = new Proposer(log, this::batch, maxWaiting);
    }

    // The log's side

    private Batch batch(List<Command> commands) {
        return new Batch(time.millis(), applied, checksum, commands);
    }

    @Override
    public Object apply(long position, byte[] entry) {
        Batch batch = BatchCodec.decode(entry);
        applying = position;
        Applied result = machine.apply(position, batch);
        checksum = machine.checksum();
        applied = position;
        window.applied(position, result.changes());
        return result.outcomes();
    }

    @Override
    public void standingChanged() {}

    // Reads

    /** Looks an entry up for a session, on the caller's thread; null when the session is ahead of this replica. */
    @Nullable
    LocalEntry get(int cacheId, Bytes key, int shard, SessionPositions session) {
        if (applied < session.position(shard) || machine.definition(cacheId) == null) {
            return null;
        }
        LocalEntry entry = store.get(cacheId, key);
        session.saw(shard, applying);
        if (entry == null) {
            return LocalEntry.ABSENT;
        }
        if (entry.deadlineMillis() != Long.MAX_VALUE) {
            long now = judge(session.judgedAtMillis());
            session.judged(now);
            return entry.deadlineMillis() <= now ? LocalEntry.ABSENT : entry;
        }
        return entry;
    }

    private long judge(long judgedAtMillis) {
        return Math.max(Math.max(machine.logTimeMillis(), time.millis()), judgedAtMillis);
    }

    /** Answers a get, scan or size. */
    void read(Request.Read read, Consumer<Reply> reply) {
        if (!exists(read.cacheId())) {
            reply.accept(noSuchCache(read.cacheId()));
        } else if (applied < read.minPosition()) {
            reply.accept(Reply.Refused.of(Status.BEHIND, "The replica is behind the session"));
        } else if (read instanceof Request.Get get) {
            reply.accept(entries(get));
        } else if (read instanceof Request.Scan scan) {
            reply.accept(keys(scan));
        } else {
            long count = store.count(read.cacheId());
            reply.accept(new Reply.Count(applying, judge(read.judgedAtMillis()), count));
        }
    }

    private Reply entries(Request.Get get) {
        long lastVersion = lastVersion();
        long now = judge(get.judgedAtMillis());
        List<@Nullable EntryRead> entries = new ArrayList<>(get.keys().size());
        for (Bytes key : get.keys()) {
            EntryRead entry = entry(get.cacheId(), key, now);
            entries.add(
                    entry == null || get.withValues()
                            ? entry
                            : new EntryRead(Bytes.EMPTY, entry.version(), entry.deadlineMillis()));
        }
        return new Reply.Entries(applying, now, lastVersion, entries);
    }

    private @Nullable EntryRead entry(int cacheId, Bytes key, long now) {
        LocalEntry entry = live(cacheId, key, now);
        return entry == null ? null : new EntryRead(entry.value(), entry.version(), entry.deadlineMillis());
    }

    private @Nullable LocalEntry live(int cacheId, Bytes key, long now) {
        LocalEntry entry = store.get(cacheId, key);
        return entry == null || entry.deadlineMillis() <= now ? null : entry;
    }

    /** The highest version that a reader may rely on: taken before it looks, it bounds what absence was seen from below. */
    private long lastVersion() {
        return ((applied + 1) << ShardMachine.ORDINAL_BITS) - 1;
    }

    private Reply keys(Request.Scan scan) {
        int limit = Math.max(1, Math.min(scan.limit(), 10_000));
        long now = judge(scan.judgedAtMillis());
        List<Bytes> page = store.keysAfter(scan.cacheId(), scan.after(), limit);
        List<Bytes> live = page.stream()
                .filter(key -> live(scan.cacheId(), key, now) != null)
                .toList();
        boolean complete = page.size() < limit;
        return new Reply.Keys(applying, now, complete ? live : withLast(live, page), complete);
    }

    /** The last key of a page is kept even if it is over, since the next page starts from it. */
    private static List<Bytes> withLast(List<Bytes> live, List<Bytes> page) {
        Bytes last = page.get(page.size() - 1);
        if (!live.isEmpty() && live.get(live.size() - 1).equals(last)) {
            return live;
        }
        List<Bytes> extended = new ArrayList<>(live);
        extended.add(last);
        return extended;
    }

    // Writes

    /** Proposes a command of a cache; a cache that the log does not know yet is defined in front of it. */
    CompletableFuture<Reply> write(int cacheId, Command command) {
        CacheInfo unknown = machine.definition(cacheId) == null ? cluster.cache(cacheId) : null;
        if (unknown == null && !exists(cacheId)) {
            return CompletableFuture.completedFuture(noSuchCache(cacheId));
        }
        List<Command> commands = unknown == null ? List.of(command) : List.of(new Command.Define(unknown), command);
        return proposer.propose(commands).thenApply(ShardReplica::reply);
    }

    /** Gives a lease back when what it was held for is done. */
    void writeUnder(LeaseId lease, Request.Write write, Consumer<Reply> reply) {
        write(write.cacheId(), new Command.Write(write.cacheId(), write.id(), write.mutations()))
                .thenAccept(answer -> {
                    reply.accept(answer);
                    if (!lease.isNone()) {
                        leases.release(write.cacheId(), write.mutations().get(0).key(), lease);
                    }
                });
    }

    private static Reply reply(Outcome outcome) {
        if (outcome instanceof Outcome.Written written) {
            return new Reply.Written(written.position(), written.logTimeMillis(), written.results());
        } else if (outcome instanceof Outcome.Refused refused) {
            return Reply.Refused.of(refused.status(), refused.message());
        }
        return new Reply.Done();
    }

    /** Removes what is due, and forgets the caches that the control group has destroyed. */
    void upkeep() {
        List<Command> commands = new ArrayList<>();
        if (machine.nextDeadlineMillis() <= time.millis()) {
            commands.add(new Command.Tick());
        }
        for (int cacheId : machine.caches()) {
            if (cacheId <= cluster.highestId() && cluster.cache(cacheId) == null) {
                commands.add(new Command.Drop(cacheId));
            }
        }
        if (!commands.isEmpty()) {
            proposer.propose(commands);
        }
    }

    // Leases

    void readForUpdate(Request.ReadForUpdate request, Consumer<Reply> reply) {
        if (!exists(request.cacheId())) {
            reply.accept(noSuchCache(request.cacheId()));
            return;
        }
        leases.acquire(
                request.cacheId(),
                request.key(),
                request.lease(),
                request.waitMillis(),
                request.holdMillis(),
                refusal -> reply.accept(
                        refusal == null
                                ? leased(request)
                                : Reply.Refused.of(refusal, "The entry's lease did not become free in time")));
    }

    private Reply leased(Request.ReadForUpdate request) {
        long lastVersion = lastVersion();
        long now = judge(0);
        return new Reply.Leased(applying, now, lastVersion, entry(request.cacheId(), request.key(), now));
    }

    /** Absent now is as good as absent since: what a caller saw is so again at this moment. */
    void release(Request.Release request, Consumer<Reply> reply) {
        long now = judge(0);
        LocalEntry entry = live(request.cacheId(), request.key(), now);
        boolean held = Conditions.hold(request.condition(), entry, since -> true);
        long seen = applying;
        leases.release(request.cacheId(), request.key(), request.lease());
        reply.accept(new Reply.Released(seen, now, held));
    }

    // Changes

    /** Tells the changes of a cache until the answered task is run. */
    Runnable subscribe(Request.Subscribe request, Consumer<Reply> replies) {
        return window.subscribe(request.cacheId(), request.afterPosition(), replies);
    }

    private boolean exists(int cacheId) {
        return cluster.cache(cacheId) != null;
    }

    private static Reply.Refused noSuchCache(int cacheId) {
        return Reply.Refused.of(Status.NO_SUCH_CACHE, "Cache " + cacheId + " does not exist, or no longer");
    }

    @Override
    public void close() {
        log.close();
    }
}
