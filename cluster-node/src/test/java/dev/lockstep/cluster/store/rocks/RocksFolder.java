package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.testing.Folders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A RocksDB for one test class, as an extension of it, in a folder that is deleted after its tests. Not thread-safe. */
public final class RocksFolder implements AfterAllCallback, AutoCloseable {

    private static final long HOT_BYTES = 64 * 1024;

    private final Path folder;
    private RocksStores stores;
    private int shards;

    public RocksFolder() {
        try {
            folder = Files.createTempDirectory("rocks");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        reopen();
    }

    /** Closes what is open, and opens it as it was left. */
    public RocksStores reopen() {
        if (stores != null) {
            stores.close();
        }
        try {
            stores = RocksStores.open(folder.resolve("rocksdb"), HOT_BYTES);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return stores;
    }

    public RocksStores stores() {
        return stores;
    }

    /** The store of a shard that was never used. */
    public ShardStore empty() {
        return stores.open(shards++);
    }

    /** The shard whose store was given last. */
    public int lastShard() {
        return shards - 1;
    }

    @Override
    public void afterAll(ExtensionContext context) {
        close();
    }

    @Override
    public void close() {
        stores.close();
        try {
            Folders.delete(folder);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
