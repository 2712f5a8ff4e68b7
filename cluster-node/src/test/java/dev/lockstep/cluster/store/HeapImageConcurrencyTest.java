package dev.lockstep.cluster.store;

class HeapImageConcurrencyTest extends ImageConcurrencyContract {

    @Override
    ShardStore empty() {
        return new HeapStore();
    }
}
