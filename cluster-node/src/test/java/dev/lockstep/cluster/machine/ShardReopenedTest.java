package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.rocks.RocksFolder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A machine in RocksDB goes on from an image, and from its store alone. */
@Tag("slow")
class ShardReopenedTest extends ShardImageTest {

    @RegisterExtension
    static final RocksFolder FOLDER = new RocksFolder();

    @Override
    ShardStore empty() {
        return FOLDER.empty();
    }

    @Override
    ShardStore toRestoreInto() {
        return FOLDER.empty();
    }

    @Override
    ShardImageTest another() {
        return new ShardReopenedTest();
    }

    @Override
    int runs() {
        return 2;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aReopenedMachineGoesOnAlike(long seed) {
        for (int run = 0; run < 2; run++) {
            new ShardReopenedTest().reopen(seed * 1_000 + run);
        }
    }

    private void reopen(long seed) {
        int shard = FOLDER.lastShard();
        random.setSeed(seed);
        int at = 1 + random.nextInt(BATCHES);
        for (int i = 0; i < at; i++) {
            applyNext();
        }
        // The rest happens to another machine, which the reopened one is compared with.
        ShardReopenedTest reference = new ShardReopenedTest();
        reference.random.setSeed(seed);
        reference.random.nextInt(BATCHES);
        while (reference.batches.size() < at + BATCHES) {
            reference.applyNext();
        }
        reference.assertGoesOn(seed, at, new ShardMachine(FOLDER.stores().open(shard)));
    }
}
