package dev.lockstep.cluster.store;

import org.junit.jupiter.api.extension.RegisterExtension;

class RocksImageConcurrencyTest extends ImageConcurrencyContract {

    @RegisterExtension
    static final RocksFolder FOLDER = new RocksFolder();

    @Override
    ShardStore empty() {
        return FOLDER.empty();
    }
}
