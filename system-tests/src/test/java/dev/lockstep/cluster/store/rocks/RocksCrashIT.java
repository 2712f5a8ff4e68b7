package dev.lockstep.cluster.store.rocks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that writes until it is killed leaves whole batches, up to the last that RocksDB has flushed by itself. */
class RocksCrashIT {

    private static final int KEYS = 300;
    private static final int VALUE_BYTES = 4_000;
    private static final Bytes BATCHES = Bytes.utf8("batch");
    private static final int KILLS = 4;

    @TempDir
    Path home;

    private static Bytes key(long number) {
        return Bytes.utf8("key-" + number);
    }

    /** Each batch changes one entry, and the record that says how many batches there were. */
    public static void main(String[] arguments) throws IOException {
        ShardStore store = RocksStores.open(Path.of(arguments[0]), 1 << 20).open(0);
        long[] batch = {0};
        store.metadata((key, record) -> batch[0] = ByteBuffer.wrap(record).getLong());
        Random random = new Random(1);
        while (true) {
            long number = ++batch[0];
            byte[] value = new byte[VALUE_BYTES];
            random.nextBytes(value);
            store.put(1, key(number % KEYS), new StoredEntry(Bytes.of(value), number, Long.MAX_VALUE));
            store.putMetadata(
                    BATCHES,
                    () -> ByteBuffer.allocate(Long.BYTES).putLong(number).array());
            store.commit();
        }
    }

    /**
     * The number of the last table that RocksDB has begun to write; those before are whole, or belong to no version of
     * the store.
     */
    private static long lastTable(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".sst"))
                    .mapToLong(name -> Long.parseLong(name.substring(0, name.indexOf('.'))))
                    .max()
                    .orElse(0);
        }
    }

    private static long afterTheNext(Path folder, long table) throws Exception {
        Eventually.holds("something is flushed", () -> lastTable(folder) > table);
        return lastTable(folder);
    }

    @Test
    void theStateAfterACrashEndsBetweenTwoBatches() throws Exception {
        Path folder = Files.createDirectories(home.resolve("rocksdb"));
        RocksStores.open(folder, 1 << 20).close(); // writes the number of its schema, and a table with it
        long before = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            long had = lastTable(folder);
            Process writer = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx128m",
                            "-cp",
                            NodeProcesses.currentClassPath(),
                            RocksCrashIT.class.getName(),
                            folder.toString())
                    .inheritIO()
                    .start();
            try {
                afterTheNext(folder, afterTheNext(folder, had));
            } finally {
                writer.destroyForcibly().waitFor();
            }
            long found = judge(folder);
            assertThat(found).isGreaterThan(before);
            before = found;
        }
    }

    private static long judge(Path folder) throws IOException {
        try (RocksStores stores = RocksStores.open(folder, 1 << 20)) {
            ShardStore store = stores.open(0);
            long[] batch = {0};
            store.metadata((key, record) -> batch[0] = ByteBuffer.wrap(record).getLong());
            assertThat(store.count(1)).isEqualTo(Math.min(batch[0], KEYS));
            for (long number = Math.max(1, batch[0] - KEYS + 1); number <= batch[0]; number++) {
                assertThat(store.get(1, key(number % KEYS)).version()).isEqualTo(number);
            }
            return batch[0];
        }
    }
}
