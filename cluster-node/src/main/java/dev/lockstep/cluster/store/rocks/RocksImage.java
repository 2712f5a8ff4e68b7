package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.store.ShardStore;
import java.util.Arrays;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Snapshot;

/** A {@link RocksStore} after one of its commits: a snapshot of RocksDB, read in order. */
final class RocksImage implements ShardStore.Image {

    private final RocksFamily family;
    private final Snapshot snapshot;

    RocksImage(RocksFamily family) {
        this.family = family;
        this.snapshot = family.snapshot();
    }

    @Override
    public void forEach(ShardStore.EntryConsumer entry) {
        byte[] all = RocksKeys.all(RocksKeys.ENTRY);
        family.scan(
                all,
                RocksKeys.after(all),
                snapshot,
                (key, value) -> entry.accept(RocksKeys.cacheId(key), RocksKeys.entryKey(key), RocksKeys.entry(value)));
    }

    @Override
    public void metadata(BiConsumer<byte[], byte[]> keyAndRecord) {
        metadata(family, snapshot, keyAndRecord);
    }

    static void metadata(RocksFamily family, @Nullable Snapshot snapshot, BiConsumer<byte[], byte[]> keyAndRecord) {
        byte[] all = RocksKeys.all(RocksKeys.METADATA);
        family.scan(
                all,
                RocksKeys.after(all),
                snapshot,
                (key, record) -> keyAndRecord.accept(Arrays.copyOfRange(key, 1, key.length), record));
    }

    @Override
    public void close() {
        family.release(snapshot);
    }
}
