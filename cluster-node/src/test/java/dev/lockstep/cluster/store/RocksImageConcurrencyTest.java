package dev.lockstep.cluster.store;

import org.junit.jupiter.api.AfterAll;

class RocksImageConcurrencyTest extends ImageConcurrencyContract {

    private static final RocksFolder FOLDER = new RocksFolder();

    @AfterAll
    static void delete() {
        FOLDER.close();
    }

    @Override
    ShardStore empty() {
        return FOLDER.empty();
    }
}
