package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.checkpoint.Checkpointed;
import dev.lockstep.cluster.store.ShardStore;
import java.util.List;
import java.util.function.Consumer;

/**
 * A {@link ShardMachine} at one position: the entries through the store's image, all else copied.
 *
 * @param rest sessions, each followed by its outcomes, tombstones and horizons
 */
record ShardImage(ShardRecord.Head head, List<ShardRecord> caches, ShardStore.Image entries, List<ShardRecord> rest)
        implements Checkpointed.Image {

    /** Returns the image of a machine whose store keeps what there is besides entries. */
    static Checkpointed.PositionedImage kept(ShardStore.Image image) {
        MachineMetadata.Found found = new MachineMetadata.Found(image::metadata);
        ShardRecord.Head head = found.head() == null ? new ShardRecord.Head(0, 0, 0) : found.head();
        return new Checkpointed.PositionedImage(
                new Checkpointed.LogPoint(found.term(), head.position()),
                new ShardImage(head, found.caches(), image, found.rest()));
    }

    @Override
    public void forEach(Consumer<byte[]> record) {
        Consumer<ShardRecord> told = one -> record.accept(one.encode());
        told.accept(head);
        caches.forEach(told);
        entries.forEach((cacheId, key, entry) -> told.accept(new ShardRecord.Entry(cacheId, key, entry)));
        rest.forEach(told);
    }

    @Override
    public void close() {
        entries.close();
    }
}
