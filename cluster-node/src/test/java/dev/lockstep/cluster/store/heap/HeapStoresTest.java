package dev.lockstep.cluster.store.heap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.StoreFailedException;
import dev.lockstep.cluster.store.StoreMemory;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HeapStoresTest {

    private static final Bytes KEY = Bytes.utf8("key");

    private final StoreMemory memory = new StoreMemory(100_000);
    private final HeapStores stores = new HeapStores(memory);
    private final ShardStore store = stores.open(0);

    private static StoredEntry entry(int bytes) {
        return new StoredEntry(Bytes.of(new byte[bytes]), 1, Long.MAX_VALUE);
    }

    @Test
    void whatAllStoresHaveIsCounted() {
        store.put(1, KEY, entry(100));
        stores.open(1).put(1, KEY, entry(50));
        assertThat(memory.storedBytes()).isEqualTo(2 * (256 + 3) + 150);
        store.put(1, KEY, entry(10));
        assertThat(memory.storedBytes()).isEqualTo(2 * (256 + 3) + 60);
        store.remove(1, KEY);
        stores.drop(1);
        assertThat(memory.storedBytes()).isZero();
    }

    @Test
    void aStoreThatTakesThePlaceOfAnotherIsCountedInItsStead() {
        store.put(1, KEY, entry(100));
        ShardStore draft = stores.anew(0);
        draft.put(1, KEY, entry(10));
        assertThat(memory.storedBytes()).isEqualTo(2 * (256 + 3) + 110);
        stores.replace(0, draft);
        assertThat(memory.storedBytes()).isEqualTo(256 + 3 + 10);
        stores.anew(0).put(1, KEY, entry(1));
        stores.anew(0);
        assertThat(memory.storedBytes()).isEqualTo(256 + 3 + 10);
    }

    @Test
    void whatACheckpointStillNeedsIsCountedUntilItIsWritten() {
        store.put(1, KEY, entry(100));
        store.put(2, KEY, entry(20));
        ShardStore.Image image = store.image();
        store.put(1, KEY, entry(10));
        store.put(1, KEY, entry(11));
        store.clear(2);
        assertThat(memory.storedBytes()).isEqualTo(256 + 3 + 11);
        assertThat(memory.asideBytes()).isEqualTo(2 * (256 + 3) + 120);
        image.close();
        assertThat(memory.asideBytes()).isZero();
    }

    @Test
    void beyondTheMostNothingIsStored() {
        store.put(1, KEY, entry(90_000));
        assertThatThrownBy(() -> store.put(1, Bytes.utf8("other"), entry(10_000)))
                .isInstanceOf(StoreFailedException.class)
                .hasMessageContaining("-Xmx");
        assertThat(store.count(1)).isEqualTo(1);
    }

    @Test
    void aLargeValueCountsAsTheRegionsThatTheCollectorGivesIt() {
        assertThat(StoreMemory.arrayBytes(512 * 1024 - 1)).isEqualTo(512 * 1024 - 1);
        assertThat(StoreMemory.arrayBytes(512 * 1024)).isEqualTo(1 << 20);
        assertThat(StoreMemory.arrayBytes((1 << 20) + 1)).isEqualTo(2 << 20);
    }

    /**
     * An entry is counted with what it takes of the heap, or somewhat more. Measured in a JVM of its own, since what other
     * tests left in this one may be collected meanwhile.
     */
    @Test
    void theOverheadOfAnEntryIsMeasured() throws Exception {
        Process measuring = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        OverheadOfAnEntry.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertThat(measuring.waitFor(60, TimeUnit.SECONDS)).isTrue();
            double overhead = Double.parseDouble(
                    new String(measuring.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
            assertThat(overhead).isBetween(CacheDefinition.ENTRY_OVERHEAD * 0.7, CacheDefinition.ENTRY_OVERHEAD * 1.05);
        } finally {
            measuring.destroyForcibly();
        }
    }

    /** Prints the bytes that an entry takes of the heap besides its key and its value. */
    static final class OverheadOfAnEntry {

        private static final int ENTRIES = 100_000;

        private OverheadOfAnEntry() {}

        public static void main(String[] args) {
            ShardStore measured = new HeapStore();
            put(measured, ENTRIES);
            long before = usedBytes();
            IntStream.range(0, ENTRIES).forEach(key -> put(measured, key));
            System.out.println((double) (usedBytes() - before) / (measured.count(1) - 1) - 8 - 64);
        }

        private static void put(ShardStore store, int key) {
            store.put(
                    1,
                    Bytes.utf8("%08d".formatted(key)),
                    new StoredEntry(Bytes.of(new byte[64]), key, 1_000_000L + key));
        }

        private static long usedBytes() {
            System.gc();
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        }
    }
}
