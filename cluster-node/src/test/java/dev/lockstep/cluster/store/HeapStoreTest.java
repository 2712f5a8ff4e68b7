package dev.lockstep.cluster.store;

class HeapStoreTest extends ShardStoreContract {

    @Override
    ShardStore empty() {
        return new HeapStore();
    }
}
