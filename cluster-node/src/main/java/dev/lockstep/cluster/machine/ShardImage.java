package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.snapshot.Checkpointed;
import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.protocol.wire.CacheInfo;
import java.util.List;
import java.util.function.Consumer;

/** A {@link ShardMachine} at one position: the entries through the store's image, all else copied. */
record ShardImage(
        ShardRecord.Head head,
        List<CacheInfo> caches,
        List<ShardRecord> sessions,
        List<ShardRecord> tombstones,
        ShardStore.Image entries)
        implements Checkpointed.Image {

    @Override
    public void forEach(Consumer<byte[]> record) {
        Consumer<ShardRecord> told = one -> record.accept(one.encode());
        told.accept(head);
        caches.forEach(info -> told.accept(new ShardRecord.Cache(info)));
        entries.forEach((cacheId, key, entry) -> told.accept(new ShardRecord.Entry(cacheId, key, entry)));
        sessions.forEach(told);
        tombstones.forEach(told);
    }

    @Override
    public void close() {
        entries.close();
    }
}
