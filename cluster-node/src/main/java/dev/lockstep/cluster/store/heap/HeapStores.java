package dev.lockstep.cluster.store.heap;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.cluster.store.StoreMemory;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The stores of a node's shards on its heap, which count what they take of it. Thread-safe; the lock guards which there are. */
public final class HeapStores implements ShardStores {

    private final StoreMemory memory;
    private final Map<Integer, HeapStore> stores = new HashMap<>();
    /** Those that are being filled. */
    private final Map<Integer, HeapStore> drafts = new HashMap<>();

    public HeapStores(StoreMemory memory) {
        this.memory = memory;
    }

    @Override
    public synchronized ShardStore open(int shard) {
        HeapStore opened = new HeapStore(memory);
        retire(stores.put(shard, opened));
        return opened;
    }

    @Override
    public synchronized ShardStore anew(int shard) {
        HeapStore draft = new HeapStore(memory);
        retire(drafts.put(shard, draft));
        return draft;
    }

    @Override
    public synchronized void replace(int shard, ShardStore filled) {
        HeapStore draft = drafts.remove(shard);
        if (draft != filled) {
            throw new IllegalStateException("Another store of shard " + shard + " is being filled");
        }
        retire(stores.put(shard, draft));
    }

    @Override
    public synchronized void drop(int shard) {
        retire(stores.remove(shard));
        retire(drafts.remove(shard));
    }

    private static void retire(@Nullable HeapStore store) {
        if (store != null) {
            store.retired();
        }
    }

    @Override
    public StoreMemory memory() {
        return memory;
    }
}
