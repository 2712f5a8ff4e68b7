package dev.lockstep.cluster.store.heap;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.ShardStoreContract;

class HeapStoreTest extends ShardStoreContract {

    @Override
    protected ShardStore empty() {
        return new HeapStore();
    }
}
