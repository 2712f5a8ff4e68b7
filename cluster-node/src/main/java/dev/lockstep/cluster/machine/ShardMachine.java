package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.checkpoint.Checkpointed;
import dev.lockstep.cluster.machine.Command.Evict.Victim;
import dev.lockstep.cluster.store.Deadline;
import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition.ValueIs;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.EntryChange.Kind;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Mutation.Action;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.Versions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A shard as a deterministic machine: what a batch does depends on the batches before it and nothing else. Time is the
 * highest stamp so far; an entry whose deadline is not later than that is absent. Every mutation has a version of its own,
 * made of the log position and its number in the batch, so versions rise with each change.
 *
 * <p>{@link #apply} belongs to one thread. {@link #definition}, {@link #caches}, {@link #sessions}, {@link #logTimeMillis}
 * and {@link #nextDeadlineMillis} may be asked by any.
 */
public final class ShardMachine {

    public static final int MAX_EXPIRED_PER_TICK = 1_000;

    /** The bytes of an image written at a time. */
    private static final int RESTORED_AT_ONCE = 1 << 20;

    private final ShardStore store;
    private final MachineMetadata kept;
    private final Entries entries;
    private final SessionTable sessions;
    private final Map<Integer, CacheInfo> caches = new ConcurrentHashMap<>();
    private volatile long logTimeMillis;
    private volatile long nextDeadlineMillis = Long.MAX_VALUE;
    private long lastPosition;
    private long nextVersion;
    private List<CacheChange> changes = new ArrayList<>();
    private ShardRecord.@Nullable Head restoring;
    private long uncommitted;
    private long term;

    /** Goes on from what the store has kept. */
    public ShardMachine(ShardStore store) {
        this.store = store;
        this.kept = new MachineMetadata(store);
        this.entries = new Entries(store, kept);
        this.sessions = new SessionTable(kept);
        MachineMetadata.Found found = new MachineMetadata.Found(store::metadata);
        if (found.head() != null) {
            goOn(found, found.head());
        }
    }

    private void goOn(MachineMetadata.Found found, ShardRecord.Head head) {
        term = found.term();
        found.caches().forEach(this::take);
        found.rest().forEach(this::take);
        kept.continued(found);
        entries.continued(head.checksum());
        isAt(head);
    }

    private void isAt(ShardRecord.Head head) {
        lastPosition = head.position();
        logTimeMillis = head.logTimeMillis();
        nextDeadlineMillis = entries.nextDeadlineMillis();
    }

    /**
     * Applies a batch.
     *
     * @param position of its log entry; higher than all before
     * @throws DivergenceException when this replica's state is not its leader's
     */
    public Applied apply(long position, Batch batch) {
        if (batch.previousPosition() == lastPosition && batch.previousChecksum() != entries.checksum()) {
            throw new DivergenceException(lastPosition, entries.checksum(), batch.previousChecksum());
        }
        logTimeMillis = Math.max(logTimeMillis, batch.stampMillis());
        nextVersion = position << Versions.ORDINAL_BITS;
        changes = new ArrayList<>(batch.commands().size());
        List<Outcome> outcomes = new ArrayList<>(batch.commands().size());
        for (Command command : batch.commands()) {
            outcomes.add(execute(position, command));
        }
        lastPosition = position;
        nextDeadlineMillis = entries.nextDeadlineMillis();
        kept.head(head());
        store.commit();
        return new Applied(outcomes, changes);
    }

    /** The term of the next batch, or of the image, is kept with it. Apply thread only. */
    public void term(long next) {
        if (next != term) {
            term = next;
            kept.term(new ShardRecord.Term(next));
        }
    }

    private Outcome execute(long position, Command command) {
        if (command instanceof Command.Write write) {
            return sessions.once(write.id(), logTimeMillis, () -> write(position, write));
        } else if (command instanceof Command.Clear clear) {
            return sessions.once(clear.id(), logTimeMillis, () -> clear(position, clear.cacheId()));
        } else if (command instanceof Command.Define define) {
            CacheInfo known = caches.get(define.info().id());
            if (known == null || known.revision() < define.info().revision()) {
                caches.put(define.info().id(), define.info());
                kept.cache(new ShardRecord.Cache(define.info()));
            }
        } else if (command instanceof Command.Drop drop) {
            if (caches.remove(drop.cacheId()) != null) {
                kept.noCache(drop.cacheId());
                entries.drop(drop.cacheId(), nextVersion++);
            }
        } else if (command instanceof Command.Evict evict) {
            evict.victims().forEach(victim -> evict(evict.cacheId(), victim));
        } else if (command instanceof Command.Tick) {
            tick();
        }
        return Outcome.DONE;
    }

    private Outcome write(long position, Command.Write write) {
        CacheInfo cache = caches.get(write.cacheId());
        if (cache == null) {
            return noSuchCache(write.cacheId());
        }
        if (write.mutations().size() == 1) {
            MutationResult only = mutate(cache, write.mutations().get(0));
            return new Outcome.Written(position, logTimeMillis, List.of(only));
        }
        List<MutationResult> results = new ArrayList<>(write.mutations().size());
        for (Mutation mutation : write.mutations()) {
            results.add(mutate(cache, mutation));
        }
        return new Outcome.Written(position, logTimeMillis, results);
    }

    private Outcome clear(long position, int cacheId) {
        if (!caches.containsKey(cacheId)) {
            return noSuchCache(cacheId);
        }
        long version = nextVersion++;
        if (entries.clear(cacheId, version)) {
            changes.add(new CacheChange(cacheId, new EntryChange(Kind.CLEARED, Bytes.EMPTY, null, null, version)));
        }
        return new Outcome.Written(position, logTimeMillis, List.of());
    }

    private static Outcome noSuchCache(int cacheId) {
        return new Outcome.Refused(Status.NO_SUCH_CACHE, "Cache " + cacheId + " does not exist, or no longer");
    }

    private MutationResult mutate(CacheInfo cache, Mutation mutation) {
        long version = nextVersion++;
        int changesBefore = changes.size();
        StoredEntry old = live(cache.id(), mutation.key(), version);
        boolean holds = Conditions.hold(
                mutation.condition(), old, since -> entries.absentSince(cache.id(), mutation.key(), since));
        if (holds) {
            perform(cache, mutation, old, version);
        } else if (old != null && mutation.condition() instanceof ValueIs) {
            // JSR-107, table of expiry: a comparison that fails has read the entry.
            touch(cache, mutation.key(), old, Lifetime.BY_RULE, version);
        }
        StoredEntry now = entries.get(cache.id(), mutation.key());
        return new MutationResult(
                holds,
                old != null,
                mutation.returnOld() && old != null ? old.value() : null,
                now == null ? version : now.version(),
                changes.size() - changesBefore);
    }

    /** The entry, unless it is over: then it is removed, as a tick would. */
    private @Nullable StoredEntry live(int cacheId, Bytes key, long version) {
        StoredEntry entry = entries.get(cacheId, key);
        if (entry != null && entry.deadlineMillis() <= logTimeMillis) {
            expire(cacheId, key, entry, version);
            return null;
        }
        return entry;
    }

    private void expire(int cacheId, Bytes key, StoredEntry entry, long version) {
        boolean over = entry.deadlineMillis() <= logTimeMillis;
        if (over) {
            entries.expire(cacheId, key, logTimeMillis);
        } else {
            // Ended by a lifetime of zero: until now everyone could see it.
            entries.remove(cacheId, key, version, logTimeMillis);
        }
        changed(cacheId, Kind.EXPIRED, key, null, entry, version);
    }

    private void perform(CacheInfo cache, Mutation mutation, @Nullable StoredEntry old, long version) {
        if (mutation.action() == Action.PUT) {
            put(cache, mutation, old, version);
        } else if (old != null && mutation.action() == Action.REMOVE) {
            entries.remove(cache.id(), mutation.key(), version, logTimeMillis);
            changed(cache.id(), Kind.REMOVED, mutation.key(), null, old, version);
        } else if (old != null && mutation.action() == Action.TOUCH) {
            touch(cache, mutation.key(), old, mutation.lifetime(), version);
        }
    }

    private void put(CacheInfo cache, Mutation mutation, @Nullable StoredEntry old, long version) {
        ExpiryRule rule = cache.definition().expiry();
        long deadline = Deadlines.after(
                mutation.lifetime(),
                old == null ? rule.creation() : rule.update(),
                logTimeMillis,
                old == null ? Deadlines.NEVER : old.deadlineMillis());
        Bytes key = mutation.key();
        Bytes value = Objects.requireNonNull(mutation.value(), "a put has a value");
        if (deadline > logTimeMillis) {
            entries.put(cache.id(), key, new StoredEntry(value, version, deadline));
            changed(cache.id(), old == null ? Kind.CREATED : Kind.UPDATED, key, value, old, version);
        } else if (old != null) {
            expire(cache.id(), key, old, version);
        }
    }

    private void touch(CacheInfo cache, Bytes key, StoredEntry entry, Lifetime asked, long version) {
        long deadline =
                Deadlines.after(asked, cache.definition().expiry().access(), logTimeMillis, entry.deadlineMillis());
        if (deadline <= logTimeMillis) {
            expire(cache.id(), key, entry, version);
        } else if (deadline != entry.deadlineMillis()) {
            entries.touch(cache.id(), key, entry.expiringAt(deadline), version, logTimeMillis);
        }
    }

    private void tick() {
        for (int i = 0; i < MAX_EXPIRED_PER_TICK; i++) {
            Deadline due = entries.firstDue(logTimeMillis);
            StoredEntry entry = due == null ? null : entries.get(due.cacheId(), due.key());
            if (due == null || entry == null) {
                return;
            }
            expire(due.cacheId(), due.key(), entry, nextVersion++);
        }
    }

    private void evict(int cacheId, Victim victim) {
        StoredEntry entry = entries.get(cacheId, victim.key());
        if (entry != null && entry.version() == victim.version()) {
            long version = nextVersion++;
            entries.remove(cacheId, victim.key(), version, logTimeMillis);
            changed(cacheId, Kind.EVICTED, victim.key(), null, entry, version);
        }
    }

    private void changed(
            int cacheId, Kind kind, Bytes key, @Nullable Bytes value, @Nullable StoredEntry old, long version) {
        Bytes oldValue = old == null ? null : old.value();
        changes.add(new CacheChange(cacheId, new EntryChange(kind, key, value, oldValue, version)));
    }

    // Checkpoints

    private ShardRecord.Head head() {
        return new ShardRecord.Head(lastPosition, logTimeMillis, entries.checksum());
    }

    /**
     * Returns an image of its state after the last batch, with its position. On any thread, but only if the store keeps
     * what there is besides entries.
     */
    public Checkpointed.PositionedImage keptImage() {
        return ShardImage.kept(store.image());
    }

    /**
     * Returns an image of its state after the last batch. Apply thread only; what it answers may be used by another.
     */
    public Checkpointed.Image image() {
        if (store.isPersistent()) {
            return keptImage().image();
        }
        ShardStore.Image taken = store.image();
        List<ShardRecord> rest = new ArrayList<>(sessions.records());
        rest.addAll(entries.records());
        return new ShardImage(
                head(),
                caches.values().stream()
                        .<ShardRecord>map(ShardRecord.Cache::new)
                        .toList(),
                taken,
                rest);
    }

    /**
     * Takes one record of an image; only before anything was applied.
     *
     * @throws MalformedFrameException when it is no such record
     */
    public void restore(byte[] bytes) {
        ShardRecord record = ShardRecord.decode(bytes);
        take(record);
        kept.restored(record);
        uncommitted += bytes.length;
        if (uncommitted > RESTORED_AT_ONCE) {
            store.commit();
            uncommitted = 0;
        }
    }

    private void take(ShardRecord record) {
        if (record instanceof ShardRecord.Head head) {
            restoring = head;
        } else if (record instanceof ShardRecord.Cache cache) {
            caches.put(cache.info().id(), cache.info());
        } else if (record instanceof ShardRecord.Entry entry) {
            entries.restore(entry);
        } else if (record instanceof ShardRecord.Session session) {
            sessions.restore(session);
        } else if (record instanceof ShardRecord.Answered answered) {
            sessions.restore(answered);
        } else if (record instanceof ShardRecord.Tombstone tombstone) {
            entries.restore(tombstone);
        } else if (record instanceof ShardRecord.Horizon horizon) {
            entries.restore(horizon);
        }
    }

    /**
     * Ends the restoration: all records of the image were given.
     *
     * @throws MalformedFrameException when they were not all
     */
    public void restored() {
        ShardRecord.Head head = restoring;
        if (head == null || head.checksum() != entries.checksum()) {
            throw new MalformedFrameException("The entries are not those of which the checksum was taken");
        }
        isAt(head);
        kept.head(head);
        store.commit();
        restoring = null;
    }

    /** A cache that the log has defined, or null. */
    public @Nullable CacheInfo definition(int cacheId) {
        return caches.get(cacheId);
    }

    /** The ids of the caches that the log has defined and not dropped, in order. */
    public SortedSet<Integer> caches() {
        return new TreeSet<>(caches.keySet());
    }

    /** The number of sessions whose requests are remembered. */
    public int sessions() {
        return sessions.size();
    }

    /** The highest stamp so far. */
    public long logTimeMillis() {
        return logTimeMillis;
    }

    /** The earliest deadline; {@link Long#MAX_VALUE} for never. */
    public long nextDeadlineMillis() {
        return nextDeadlineMillis;
    }

    /** The last term that was said to it. Apply thread only. */
    public long term() {
        return term;
    }

    /** Position of the last batch. Apply thread only. */
    public long lastPosition() {
        return lastPosition;
    }

    /** Equal on replicas that have applied the same batches. Apply thread only. */
    public long checksum() {
        return entries.checksum();
    }
}
