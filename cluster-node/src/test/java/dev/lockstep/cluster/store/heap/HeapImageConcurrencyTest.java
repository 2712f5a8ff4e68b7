package dev.lockstep.cluster.store.heap;

import dev.lockstep.cluster.store.ImageConcurrencyContract;
import dev.lockstep.cluster.store.ShardStore;

class HeapImageConcurrencyTest extends ImageConcurrencyContract {

    @Override
    protected ShardStore empty() {
        return new HeapStore();
    }
}
