package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.machine.Applied;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.BatchCodec;
import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.machine.ShardMachine;
import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.cluster.store.StoreFailedException;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The state of this replica as its shard's log has made it, and its look-ups. The thread that applies the log announces
 * each position in {@code applying} before it changes the store and in {@code applied} afterwards; readers check the
 * one and report the other, and so need no lock. Thread-safe.
 */
final class ReplicaState implements LogMachine<Batch, List<Outcome>>, CapacityShares.Hosted {

    private final int shard;
    private final ShardStores stores;
    private volatile Contents contents;
    private final ChangeWindow window;
    private volatile @Nullable Watcher watcher;
    private volatile long applying;
    private volatile Tip tip;
    private long nextTerm;

    /** The entries, and what changes them: replaced as a whole when a checkpoint takes their place. */
    private static final class Contents {
        private final ShardStore store;
        private final ShardMachine machine;

        Contents(ShardStore store) {
            this.store = store;
            this.machine = new ShardMachine(store);
        }
    }

    /**
     * Opens the state that the shard's store holds.
     *
     * @param teller tells subscribers what has changed, one task after another
     * @param changesBytes of the last changes that are kept for subscribers
     */
    ReplicaState(int shard, ShardStores stores, Executor teller, long changesBytes) {
        this.window = new ChangeWindow(teller, changesBytes);
        this.shard = shard;
        this.stores = stores;
        this.contents = new Contents(stores.open(shard));
        ShardMachine machine = contents.machine;
        this.applying = machine.lastPosition();
        this.tip = tip(machine);
        window.begin(machine.lastPosition());
    }

    /** The observer of a replica's log, called on the log's threads; must not block. */
    interface Watcher {

        /** A checkpoint has taken the place of all that there was. */
        void restored();

        /** @param changes of the batch, in order */
        void applied(List<CacheChange> changes);

        void leadershipChanged();

        /** The store can't be read or written any more; nothing more will be applied. */
        void failed(StoreFailedException failure);
    }

    /** The last batch that was applied, and the checksum after it: always seen together. */
    private record Tip(long term, long position, long checksum) {}

    private static Tip tip(ShardMachine machine) {
        return new Tip(machine.term(), machine.lastPosition(), machine.checksum());
    }

    /** Sets the observer. */
    void watch(Watcher next) {
        watcher = next;
    }

    @Override
    public byte[] encode(Batch batch) {
        return BatchCodec.encode(batch);
    }

    @Override
    public Batch decode(byte[] bytes) {
        return BatchCodec.decode(bytes);
    }

    @Override
    public List<Outcome> apply(long position, Batch batch) {
        applying = position;
        ShardMachine machine = contents.machine;
        machine.term(nextTerm);
        Applied result = apply(machine, position, batch);
        tip = tip(machine);
        window.applied(position, result.changes());
        Watcher told = watcher;
        if (told != null) {
            told.applied(result.changes());
        }
        return result.outcomes();
    }

    private Applied apply(ShardMachine machine, long position, Batch batch) {
        try {
            return machine.apply(position, batch);
        } catch (StoreFailedException failure) {
            Watcher told = watcher;
            if (told != null) {
                told.failed(failure);
            }
            throw failure;
        }
    }

    /** The window's records, then the machine's. */
    @Override
    public Image image() {
        return image(window.records(), contents.machine.image());
    }

    private static Image image(List<byte[]> changes, Image machine) {
        return new Image() {
            @Override
            public void forEach(Consumer<byte[]> record) {
                changes.forEach(record);
                machine.forEach(record);
            }

            @Override
            public void close() {
                machine.close();
            }
        };
    }

    @Override
    public Restoration restoration() {
        Contents anew = new Contents(stores.anew(shard));
        ChangeWindow.Restored changes = new ChangeWindow.Restored();
        return new Restoration() {
            @Override
            public void record(byte[] record) {
                if (!changes.take(record)) {
                    anew.machine.restore(record);
                }
            }

            @Override
            public void done(long position) {
                anew.machine.term(nextTerm);
                anew.machine.restored();
                stores.replace(shard, anew.store);
                become(anew, changes, position);
            }
        };
    }

    @Override
    public boolean takesLong(ByteBuffer bytes) {
        return BatchCodec.visitsWholeCaches(bytes);
    }

    @Override
    public @Nullable Durable durable() {
        return contents.store.isPersistent() ? new KeptByStore() : null;
    }

    private final class KeptByStore implements Durable {

        @Override
        public @Nullable LogPoint reached() {
            Tip now = tip;
            return now.position() == 0 ? null : new LogPoint(now.term(), now.position());
        }

        @Override
        public void forget() {
            Contents anew = new Contents(stores.anew(shard));
            stores.replace(shard, anew.store);
            become(anew, new ChangeWindow.Restored(), anew.machine.lastPosition());
        }

        @Override
        public void term(long term) {
            nextTerm = term;
        }

        @Override
        public LogPoint flush() {
            Tip before = tip;
            stores.flush(shard);
            return new LogPoint(before.term(), before.position());
        }

        /**
         * Restores the state but for the window, which is not kept: what it is now does not belong to what the store
         * was.
         */
        @Override
        public PositionedImage image() {
            PositionedImage machine = contents.machine.keptImage();
            List<byte[]> changes = List.of(ChangeWindow.record(machine.point().position()));
            return new PositionedImage(machine.point(), ReplicaState.image(changes, machine.image()));
        }
    }

    /** Replaces everything at once, as a batch would: readers see either all of it or nothing. */
    private void become(Contents anew, ChangeWindow.Restored changes, long position) {
        applying = position;
        contents = anew;
        tip = tip(anew.machine);
        window.become(changes, position);
        Watcher told = watcher;
        if (told != null) {
            told.restored();
        }
    }

    @Override
    public void leadershipChanged() {
        Watcher told = watcher;
        if (told != null) {
            told.leadershipChanged();
        }
    }

    /** A batch to propose on this state. */
    Batch batch(long stampMillis, List<Command> commands) {
        Tip now = tip;
        return new Batch(stampMillis, now.position(), now.checksum(), commands);
    }

    int shard() {
        return shard;
    }

    /** The shard's name, for messages. */
    String name() {
        return "shard " + shard;
    }

    /** Every batch up to here is in the store. */
    long applied() {
        return tip.position();
    }

    /** No batch after this one can have been seen in the store so far. */
    long applying() {
        return applying;
    }

    /** The entry, over or not. */
    @Nullable
    StoredEntry entry(int cacheId, Bytes key) {
        return contents.store.get(cacheId, key);
    }

    @Nullable
    StoredEntry live(int cacheId, Bytes key, long nowMillis) {
        StoredEntry entry = contents.store.get(cacheId, key);
        return entry == null || entry.deadlineMillis() <= nowMillis ? null : entry;
    }

    @Override
    public ShardStore store() {
        return contents.store;
    }

    @Override
    public List<Integer> boundedCaches() {
        ShardMachine machine = contents.machine;
        return machine.caches().stream()
                .filter(cacheId -> {
                    CacheInfo cache = machine.definition(cacheId);
                    return cache != null && cache.definition().isBounded();
                })
                .toList();
    }

    ChangeWindow window() {
        return window;
    }

    /** A cache that the shard's log has defined, or null. */
    @Nullable
    CacheInfo definition(int cacheId) {
        return contents.machine.definition(cacheId);
    }

    /** The ids of the caches that the shard's log has defined and not dropped. */
    Set<Integer> caches() {
        return contents.machine.caches();
    }

    /** The number of sessions whose requests are remembered. */
    int sessions() {
        return contents.machine.sessions();
    }

    long logTimeMillis() {
        return contents.machine.logTimeMillis();
    }

    /** The earliest deadline; {@link Long#MAX_VALUE} for never. */
    long nextDeadlineMillis() {
        return contents.machine.nextDeadlineMillis();
    }
}
