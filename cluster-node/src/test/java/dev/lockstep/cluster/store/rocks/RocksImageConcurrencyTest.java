package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.store.ImageConcurrencyContract;
import dev.lockstep.cluster.store.ShardStore;
import org.junit.jupiter.api.extension.RegisterExtension;

class RocksImageConcurrencyTest extends ImageConcurrencyContract {

    @RegisterExtension
    static final RocksFolder FOLDER = new RocksFolder();

    @Override
    protected ShardStore empty() {
        return FOLDER.empty();
    }
}
