package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.checkpoint.CheckpointId;
import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.BatchCodec;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.store.rocks.RocksStores;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints in RocksDB that a crash interrupts: a replica goes on from the position that was reported, up to which the log is truncated. */
class FlushedCheckpointTest {

    private static final int GROUP = 0;
    private static final long TERM = 7;

    @TempDir
    Path home;

    private final SimulatedWorld world = new SimulatedWorld();

    private Checkpointer taking(ReplicaState state) throws IOException {
        return new Checkpointer(
                "the replica",
                new CheckpointFolder(home.resolve("checkpoints"), GROUP),
                state,
                Runnable::run,
                DutyCycle.full(),
                world,
                new Checkpointer.Interval(10, Duration.ofDays(1)));
    }

    private static byte[] entry(int number) {
        CacheDefinition definition =
                new CacheDefinition("c" + number, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
        return BatchCodec.encode(
                new Batch(number, -1, 0, List.of(new Command.Define(new CacheInfo(number, definition)))));
    }

    /** Copies the files as a kill would leave them, nothing closed. */
    private Path crashed(Path folder) throws IOException {
        Path copy = Files.createDirectories(home.resolve("crashed"));
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    @Test
    void aReportedCheckpointIsOnTheDisk() throws IOException {
        Path folder = home.resolve("rocksdb");
        try (RocksStores stores = RocksStores.open(folder, 1 << 20)) {
            ReplicaState state = new ReplicaState(GROUP, stores, Runnable::run, ChangeWindow.MAX_BYTES);
            Checkpointer taking = taking(state);
            assertThat(taking.restore()).isNull();
            for (int position = 1; position <= 25; position++) {
                taking.applying(TERM);
                state.replay(position, entry(position));
                taking.applied(TERM, position);
            }
            CheckpointId told = taking.newest();
            assertThat(told).isEqualTo(new CheckpointId(GROUP, TERM, 20));
            try (RocksStores after = RocksStores.open(crashed(folder), 1 << 20)) {
                ReplicaState again = new ReplicaState(GROUP, after, Runnable::run, ChangeWindow.MAX_BYTES);
                assertThat(taking(again).restore()).isEqualTo(told);
                assertThat(again.applied()).isEqualTo(20);
                assertThat(again.caches()).hasSize(20);
            }
        }
    }
}
