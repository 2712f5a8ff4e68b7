package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.store.StoreFailedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.Status;

/**
 * A column family, and what becomes of it when it is closed: a later use throws, where RocksDB would take the process
 * with it. Thread-safe: the lock is shared by the threads that use the family and taken alone to close it; it guards
 * {@code closed}.
 */
final class RocksFamily implements AutoCloseable {

    private static final int CHUNK_ENTRIES = 256;
    private static final int CHUNK_BYTES = 1 << 20;

    private final RocksDB db;
    private final ColumnFamilyHandle handle;
    private final String place;
    private final Set<Snapshot> snapshots = new HashSet<>();
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private record Row(byte[] key, byte[] value) {}

    /** An operation on the family. */
    interface Use<T> {
        T with(RocksDB db, ColumnFamilyHandle handle) throws RocksDBException;
    }

    /** @param place for messages: which store this is, and its folder */
    RocksFamily(RocksDB db, ColumnFamilyHandle handle, String place) {
        this.db = db;
        this.handle = handle;
        this.place = place;
    }

    static boolean isCorruption(RocksDBException failure) {
        return failure.getStatus() != null && failure.getStatus().getCode() == Status.Code.Corruption;
    }

    /** @throws StoreFailedException when RocksDB can't, or the family is closed */
    <T> T use(Use<T> use) {
        lock.readLock().lock();
        try {
            if (closed) {
                throw new StoreFailedException(place + " is closed", null, false);
            }
            return use.with(db, handle);
        } catch (RocksDBException failure) {
            throw new StoreFailedException(
                    place + " has failed: " + failure.getMessage()
                            + ". Look at the disk; when it is mended, start the node again",
                    failure,
                    isCorruption(failure));
        } finally {
            lock.readLock().unlock();
        }
    }

    byte @Nullable [] get(byte[] key) {
        return use((open, family) -> open.get(family, key));
    }

    /** Retains the present state for {@link #scan}, until it is {@link #release released}. */
    Snapshot snapshot() {
        return use((open, family) -> {
            Snapshot taken = open.getSnapshot();
            synchronized (snapshots) {
                snapshots.add(taken);
            }
            return taken;
        });
    }

    /** Idempotent, also after the family was closed. */
    void release(Snapshot snapshot) {
        lock.readLock().lock();
        try {
            boolean held;
            synchronized (snapshots) {
                held = snapshots.remove(snapshot);
            }
            if (held) {
                db.releaseSnapshot(snapshot);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Tells what is under the keys from one on, in order. Concurrent changes may be visited or not, unless there is a
     * snapshot.
     *
     * @param to exclusive
     */
    void scan(byte[] from, byte[] to, @Nullable Snapshot snapshot, BiConsumer<byte[], byte[]> row) {
        byte[] next = from;
        while (next != null) {
            byte[] begin = next;
            List<Row> chunk = new ArrayList<>();
            boolean more = use((open, family) -> chunk(begin, to, snapshot, chunk));
            chunk.forEach(one -> row.accept(one.key(), one.value()));
            next = more ? following(chunk.get(chunk.size() - 1).key()) : null;
        }
    }

    /** The least that is greater. */
    private static byte[] following(byte[] key) {
        return Arrays.copyOf(key, key.length + 1);
    }

    /**
     * Reads a chunk, and tells it without the lock; nothing is open between two chunks, so the family can be closed
     * at any time.
     */
    private boolean chunk(byte[] from, byte[] to, @Nullable Snapshot snapshot, List<Row> chunk)
            throws RocksDBException {
        try (Slice end = new Slice(to);
                ReadOptions options = new ReadOptions().setIterateUpperBound(end);
                RocksIterator rows = iterator(options, snapshot)) {
            int bytes = 0;
            for (rows.seek(from); rows.isValid(); rows.next()) {
                if (chunk.size() == CHUNK_ENTRIES || bytes >= CHUNK_BYTES) {
                    return true;
                }
                Row row = new Row(rows.key(), rows.value());
                bytes += row.key().length + row.value().length;
                chunk.add(row);
            }
            rows.status();
            return false;
        }
    }

    private RocksIterator iterator(ReadOptions options, @Nullable Snapshot snapshot) {
        if (snapshot != null) {
            options.setSnapshot(snapshot);
        }
        return db.newIterator(handle, options);
    }

    /** The keys from one on, in order: {@code limit} of them, or all that there are. */
    List<byte[]> keys(byte[] from, byte[] to, long limit) {
        return use((open, family) -> {
            try (Slice end = new Slice(to);
                    ReadOptions options = new ReadOptions().setIterateUpperBound(end);
                    RocksIterator rows = open.newIterator(family, options)) {
                List<byte[]> keys = new ArrayList<>();
                for (rows.seek(from); rows.isValid() && keys.size() < limit; rows.next()) {
                    keys.add(rows.key());
                }
                rows.status();
                return keys;
            }
        });
    }

    /** Waits until no thread uses it. Idempotent. */
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                synchronized (snapshots) {
                    snapshots.forEach(db::releaseSnapshot);
                    snapshots.clear();
                }
                handle.close();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
