package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.RocksFolder;
import dev.lockstep.cluster.store.ShardStore;
import org.junit.jupiter.api.AfterAll;

class ShardMachineOnRocksTest extends ShardMachineTest {

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
