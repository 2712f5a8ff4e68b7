package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.store.ImageConcurrencyContract;
import dev.lockstep.cluster.store.ShardStore;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("slow")
class RocksImageConcurrencyTest extends ImageConcurrencyContract {

    @RegisterExtension
    static final RocksFolder FOLDER = new RocksFolder();

    @Override
    protected ShardStore empty() {
        return FOLDER.empty();
    }
}
