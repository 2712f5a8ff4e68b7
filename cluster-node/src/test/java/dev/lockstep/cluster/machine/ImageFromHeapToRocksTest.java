package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.store.rocks.RocksFolder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A machine in RocksDB goes on from the image of one on the heap. */
class ImageFromHeapToRocksTest extends ShardImageTest {

    @RegisterExtension
    static final RocksFolder FOLDER = new RocksFolder();

    @Override
    ShardStore empty() {
        return new HeapStore();
    }

    @Override
    ShardStore toRestoreInto() {
        return FOLDER.empty();
    }

    @Override
    ShardImageTest another() {
        return new ImageFromHeapToRocksTest();
    }

    @Override
    int runs() {
        return 2;
    }
}
