package dev.lockstep.cluster.store.rocks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.ShardStoreContract;
import dev.lockstep.cluster.store.StoreFailedException;
import dev.lockstep.cluster.store.StoreUnavailableException;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.cluster.testing.Folders;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

class RocksStoreTest extends ShardStoreContract {

    @RegisterExtension
    static final RocksFolder FOLDER = new RocksFolder();

    private static final Bytes KEY = Bytes.utf8("key");

    @TempDir
    Path home;

    @Override
    protected ShardStore empty() {
        return FOLDER.empty();
    }

    @Override
    protected ShardStore reopened() {
        FOLDER.reopen();
        return FOLDER.stores().open(FOLDER.lastShard());
    }

    private static StoredEntry entry(long number) {
        return new StoredEntry(Bytes.utf8("value-" + number), number, Long.MAX_VALUE);
    }

    private static void write(ShardStore store, long number) {
        store.put(1, KEY, entry(number));
        store.putMetadata(
                KEY, () -> ByteBuffer.allocate(Long.BYTES).putLong(number).array());
        store.commit();
    }

    private static long read(ShardStore store) {
        StoredEntry entry = store.get(1, KEY);
        List<Long> records = new ArrayList<>();
        store.metadata((key, record) -> records.add(ByteBuffer.wrap(record).getLong()));
        assertThat(records).isEqualTo(entry == null ? List.of() : List.of(entry.version()));
        return entry == null ? 0 : entry.version();
    }

    @Test
    void moreKeysThanArePagedAtOnceAreAllIterated() {
        for (int i = 0; i < 5_000; i++) {
            store.put(1, Bytes.utf8("key-" + i), entry(i));
        }
        store.commit();
        int count = 0;
        for (Iterator<Bytes> keys = store.keys(1); keys.hasNext(); keys.next()) {
            count++;
        }
        assertThat(count).isEqualTo(5_000);
        assertThat(store.keysAfter(1, null, 10_000)).hasSize(5_000);
    }

    @Test
    void aDatabaseOfAnotherSchemaIsRefusedNamingBothAndKept() throws Exception {
        Path folder = home.resolve("rocksdb");
        RocksStores.open(folder, 1 << 20).close();
        setSchema(folder, RocksKeys.SCHEMA + 1);
        assertThatThrownBy(() -> RocksStores.open(folder, 1 << 20))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("format " + (RocksKeys.SCHEMA + 1))
                .hasMessageContaining("reads format " + RocksKeys.SCHEMA + ": it was written by a newer version");
        setSchema(folder, RocksKeys.SCHEMA);
        RocksStores.open(folder, 1 << 20).close();
    }

    private static void setSchema(Path folder, int schema) throws RocksDBException {
        try (Options options = new Options();
                RocksDB db = RocksDB.open(options, folder.toString())) {
            db.put(
                    "schema".getBytes(UTF_8),
                    ByteBuffer.allocate(4).putInt(schema).array());
        }
    }

    @Test
    void bytesThatAnEarlierVersionHasNotAddedUpAreAddedUpWhenItIsOpened() {
        write(store, 1);
        long bytes = store.bytes(1);
        ((RocksStore) store).family().use((db, handle) -> {
            db.put(
                    handle,
                    RocksKeys.cache(RocksKeys.COUNT, 1),
                    ByteBuffer.allocate(Long.BYTES).putLong(1).array());
            return handle;
        });
        store = reopened();
        assertThat(store.count(1)).isEqualTo(1);
        assertThat(store.bytes(1)).isEqualTo(bytes).isPositive();
    }

    @Test
    void uncommittedWritesAreGoneAfterReopening() {
        write(store, 1);
        store.put(1, KEY, entry(2));
        store = reopened();
        assertThat(read(store)).isEqualTo(1);
    }

    @Test
    void aReplacementHoldsOnceItIsDoneAndNotBefore() throws IOException {
        Path folder = home.resolve("rocksdb");
        RocksStores stores = RocksStores.open(folder, 1 << 20);
        write(stores.open(3), 1);
        write(stores.anew(3), 2); // never comes to its end, though RocksDB flushes it when it is closed
        stores.close();

        stores = RocksStores.open(folder, 1 << 20);
        assertThat(read(stores.open(3))).isEqualTo(1);
        write(stores.anew(3), 3);
        ShardStore filled = stores.anew(3);
        write(filled, 4);
        stores.replace(3, filled);
        write(filled, 5);
        stores.flush(3);
        stores.close();

        stores = RocksStores.open(folder, 1 << 20);
        assertThat(read(stores.open(3))).isEqualTo(5);
        stores.close();
    }

    @Test
    void useAfterCloseFailsTyped() throws IOException {
        RocksStores stores = RocksStores.open(home.resolve("rocksdb"), 1 << 20);
        ShardStore open = stores.open(0);
        write(open, 1);
        ShardStore.Image image = open.image();
        stores.close();
        assertThatThrownBy(() -> open.get(1, Bytes.utf8("other")))
                .isInstanceOf(StoreFailedException.class)
                .hasMessageContaining(home.toString());
        assertThatThrownBy(() -> write(open, 2)).isInstanceOf(StoreFailedException.class);
        assertThatThrownBy(() -> open.keysAfter(1, null, 1)).isInstanceOf(StoreFailedException.class);
        assertThatThrownBy(() -> image.forEach((cache, key, entry) -> {})).isInstanceOf(StoreFailedException.class);
        assertThatThrownBy(() -> stores.flush(0)).isInstanceOf(StoreFailedException.class);
        image.close();
        stores.close();
    }

    @Test
    void aWriteOnAFailedDiskThrowsWithTheFolder() throws IOException {
        Path folder = home.resolve("rocksdb");
        RocksStores stores = RocksStores.open(folder, 1 << 20);
        ShardStore open = stores.open(0);
        write(open, 1);
        Folders.delete(folder);
        assertThatThrownBy(() -> stores.flush(0))
                .isInstanceOf(StoreFailedException.class)
                .hasMessageContaining(folder.toString());
        assertThatThrownBy(() -> write(open, 2))
                .isInstanceOf(StoreFailedException.class)
                .hasMessageContaining(folder.toString());
        stores.close();
    }

    @Test
    void anImageIsReadThoughItsStoreIsReplaced() throws IOException {
        RocksStores stores = RocksStores.open(home.resolve("rocksdb"), 1 << 20);
        ShardStore before = stores.open(0);
        write(before, 1);
        ShardStore.Image image = before.image();
        ShardStore filled = stores.anew(0);
        write(filled, 2);
        stores.replace(0, filled);
        List<Long> versions = new ArrayList<>();
        image.forEach((cache, key, entry) -> versions.add(entry.version()));
        assertThat(versions).containsExactly(1L);
        stores.flush(0);
        image.close();
        stores.close();
    }
}
