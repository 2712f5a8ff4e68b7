package dev.lockstep.cluster.store.heap;

import dev.lockstep.cluster.store.ImageConcurrencyContract;
import dev.lockstep.cluster.store.ShardStore;
import org.junit.jupiter.api.Tag;

@Tag("slow")
class HeapImageConcurrencyTest extends ImageConcurrencyContract {

    @Override
    protected ShardStore empty() {
        return new HeapStore();
    }
}
