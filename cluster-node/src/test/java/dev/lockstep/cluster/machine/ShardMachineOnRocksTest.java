package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.rocks.RocksFolder;
import org.junit.jupiter.api.extension.RegisterExtension;

class ShardMachineOnRocksTest extends ShardMachineTest {

    @RegisterExtension
    static final RocksFolder FOLDER = new RocksFolder();

    @Override
    ShardStore empty() {
        return FOLDER.empty();
    }
}
