package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.store.rocks.RocksFolder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A machine on the heap goes on from the image of one in RocksDB. */
class ImageFromRocksToHeapTest extends ShardImageTest {

    @RegisterExtension
    static final RocksFolder FOLDER = new RocksFolder();

    @Override
    ShardStore empty() {
        return FOLDER.empty();
    }

    @Override
    ShardStore toRestoreInto() {
        return new HeapStore();
    }

    @Override
    ShardImageTest another() {
        return new ImageFromRocksToHeapTest();
    }

    @Override
    int runs() {
        return 2;
    }
}
