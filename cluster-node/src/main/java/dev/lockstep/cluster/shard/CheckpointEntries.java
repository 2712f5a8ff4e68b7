package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.machine.ShardRecord;
import dev.lockstep.cluster.store.ShardStore;
import java.util.function.Consumer;

/** Tells the entries that are in a shard's checkpoint, some perhaps twice, without making a replica of it. Not thread-safe. */
public final class CheckpointEntries implements Consumer<byte[]> {

    private final ChangeWindow.Restored changes = new ChangeWindow.Restored();
    private final ShardStore.EntryConsumer entries;

    public CheckpointEntries(ShardStore.EntryConsumer entries) {
        this.entries = entries;
    }

    /** @throws dev.lockstep.protocol.wire.MalformedFrameException when it is no record of a shard */
    @Override
    public void accept(byte[] record) {
        if (!changes.take(record) && ShardRecord.decode(record) instanceof ShardRecord.Entry entry) {
            entries.accept(entry.cacheId(), entry.key(), entry.entry());
        }
    }
}
