package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.RocksFolder;
import dev.lockstep.cluster.store.ShardStore;
import org.junit.jupiter.api.extension.RegisterExtension;

class ShardMachineOnRocksTest extends ShardMachineTest {

    @RegisterExtension
    static final RocksFolder FOLDER = new RocksFolder();

    @Override
    ShardStore empty() {
        return FOLDER.empty();
    }
}
