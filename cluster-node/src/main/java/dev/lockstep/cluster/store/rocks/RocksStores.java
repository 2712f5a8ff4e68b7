package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.files.Quarantine;
import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.cluster.store.StoreFailedException;
import dev.lockstep.cluster.store.StoreUnavailableException;
import dev.lockstep.protocol.wire.UnknownFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stores of a node's shards in one RocksDB, each in a column family that has all of it. RocksDB's own log is off, since a
 * shard's replicated log has the same: what RocksDB has flushed of a family, by itself or when it is told to, ends between two
 * batches, and the replicated log is applied from there on.
 *
 * <p>A family is called after its shard and a number. One that is being filled to take another's place has a higher number, and
 * counts from the moment on at which it is flushed with a mark in it. Thread-safe; the lock guards the families.
 */
public final class RocksStores implements ShardStores {

    private static final Logger LOG = LoggerFactory.getLogger(RocksStores.class);

    /** For blocks that were read, and for what is not flushed yet, of all shards together; outside the heap. */
    private static final long CACHE_BYTES = 128L << 20;

    /** The part of it that may be waiting to be flushed. */
    private static final long UNFLUSHED_BYTES = 64L << 20;

    private static final long UNFLUSHED_BYTES_A_SHARD = 16L << 20;

    private static final int BITS_A_KEY = 10;
    private static final int MAX_OPEN_FILES = 1_024;

    private static final byte[] SCHEMA_KEY = "schema".getBytes(StandardCharsets.UTF_8);

    private static final Pattern NAME = Pattern.compile("shard-(\\d{1,9})\\.(\\d{1,18})");

    private final Path folder;
    private final HotTier hot;
    private final Cache cache = new LRUCache(CACHE_BYTES);
    private final WriteBufferManager buffers = new WriteBufferManager(UNFLUSHED_BYTES, cache);
    private final BloomFilter filter = new BloomFilter(BITS_A_KEY);
    private final DBOptions options = new DBOptions();
    private final ColumnFamilyOptions familyOptions = new ColumnFamilyOptions();
    private final WriteOptions writeOptions = new WriteOptions().setDisableWAL(true);
    private final RocksDB db;
    private final ColumnFamilyHandle own;
    /** The families of each shard that are on the disk, by their number. */
    private final Map<Integer, TreeMap<Long, RocksFamily>> families = new HashMap<>();

    private final List<RocksFamily> dropped = new ArrayList<>();
    private boolean closed;

    /**
     * Opens the stores as they were left, or makes the folder. A corrupt database is {@linkplain Quarantine
     * quarantined}; there is nothing then, and what there was comes from the shards' logs, or from other nodes.
     *
     * @param folder of RocksDB, and nothing else
     * @param hotBytes what of the heap may be used for the entries in use
     * @throws StoreUnavailableException if there can be no RocksDB here
     */
    public static RocksStores open(Path folder, long hotBytes) throws StoreUnavailableException {
        loadLibrary(folder);
        try {
            try {
                return new RocksStores(folder, hotBytes);
            } catch (RocksDBException damaged) {
                if (!RocksFamily.isCorruption(damaged)) {
                    throw damaged;
                }
                LOG.error(
                        "The store in {} is corrupt: it was moved to {}, and replaced by an empty one",
                        folder,
                        Quarantine.move(folder, folder.getFileName().toString()),
                        damaged);
                Files.createDirectories(folder);
                return new RocksStores(folder, hotBytes);
            }
        } catch (UnknownFormatException unknown) {
            throw new StoreUnavailableException(
                    "The store in " + folder + " can't be opened. " + unknown.getMessage(), unknown);
        } catch (RocksDBException | IOException failure) {
            throw new StoreUnavailableException(
                    "The store in " + folder + " can't be opened: " + failure.getMessage()
                            + ". If another process has it open, end that one",
                    failure);
        }
    }

    /** Beside the data, not in the machine's temporary folder: a process that is killed leaves it behind. */
    private static void loadLibrary(Path folder) throws StoreUnavailableException {
        Path library = folder.resolveSibling(folder.getFileName() + "-library");
        try {
            Files.createDirectories(folder);
            Files.createDirectories(library);
            NativeLibraryLoader.getInstance().loadLibrary(library.toString());
            RocksDB.loadLibrary();
        } catch (IOException | RuntimeException | LinkageError failure) {
            throw new StoreUnavailableException(
                    "RocksDB's library can't be loaded on %s %s from %s: %s. It needs a folder that can be written and executed from, and on Linux the C and C++ libraries of glibc or musl. Without it, say \"store: heap\" for this node"
                            .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), library, failure),
                    failure);
        }
    }

    private RocksStores(Path folder, long hotBytes) throws RocksDBException {
        this.folder = folder;
        this.hot = new HotTier(hotBytes);
        configure();
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        try {
            this.db = RocksDB.open(options, folder.toString(), descriptors(), handles);
        } catch (RocksDBException failure) {
            closeOptions();
            throw failure;
        }
        this.own = handles.get(0);
        for (ColumnFamilyHandle handle : handles.subList(1, handles.size())) {
            found(handle);
        }
        try {
            requireSchema();
        } catch (RocksDBException | UnknownFormatException failure) {
            close();
            throw failure;
        }
    }

    /** Looks at the number of the schema before anything else is read. The first databases had none, and schema 1. */
    private void requireSchema() throws RocksDBException {
        byte[] found = db.get(own, SCHEMA_KEY);
        if (found != null) {
            UnknownFormatException.require("It", ByteBuffer.wrap(found).getInt(), RocksKeys.SCHEMA);
            return;
        }
        db.put(
                own,
                writeOptions,
                SCHEMA_KEY,
                ByteBuffer.allocate(Integer.BYTES).putInt(RocksKeys.SCHEMA).array());
        try (FlushOptions waiting = new FlushOptions().setWaitForFlush(true)) {
            db.flush(waiting, own);
        }
    }

    private void configure() {
        options.setCreateIfMissing(true)
                .setWriteBufferManager(buffers)
                .setMaxOpenFiles(MAX_OPEN_FILES)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setMaxLogFileSize(1 << 20)
                .setKeepLogFileNum(2)
                .setStatsDumpPeriodSec(0);
        familyOptions
                .setWriteBufferSize(UNFLUSHED_BYTES_A_SHARD)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setTableFormatConfig(new BlockBasedTableConfig()
                        .setBlockCache(cache)
                        .setCacheIndexAndFilterBlocks(true)
                        .setPinL0FilterAndIndexBlocksInCache(true)
                        .setFilterPolicy(filter));
    }

    /** The first is RocksDB's own, which has to be there; only the number of the schema is in it. */
    private List<ColumnFamilyDescriptor> descriptors() throws RocksDBException {
        List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
        descriptors.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, familyOptions));
        try (Options listing = new Options()) {
            for (byte[] name : RocksDB.listColumnFamilies(listing, folder.toString())) {
                if (name(name).matches()) {
                    descriptors.add(new ColumnFamilyDescriptor(name, familyOptions));
                }
            }
        }
        return descriptors;
    }

    private static Matcher name(byte[] name) {
        return NAME.matcher(new String(name, StandardCharsets.UTF_8));
    }

    private void found(ColumnFamilyHandle handle) throws RocksDBException {
        Matcher name = name(handle.getName());
        if (name.matches()) {
            int shard = Integer.parseInt(name.group(1));
            families(shard).put(Long.parseLong(name.group(2)), family(shard, handle));
        }
    }

    private TreeMap<Long, RocksFamily> families(int shard) {
        return families.computeIfAbsent(shard, none -> new TreeMap<>());
    }

    private RocksFamily family(int shard, ColumnFamilyHandle handle) {
        return new RocksFamily(db, handle, "The store of shard " + shard + " in " + folder);
    }

    @Override
    public synchronized ShardStore open(int shard) {
        TreeMap<Long, RocksFamily> found = families(shard);
        if (found.isEmpty()) {
            create(shard, 0);
        }
        // A higher one without the mark is the beginning of a replacement that did not come about.
        while (found.size() > 1 && found.lastEntry().getValue().get(RocksKeys.all(RocksKeys.WHOLE)) == null) {
            drop(found.pollLastEntry().getValue());
        }
        while (found.size() > 1) {
            drop(found.pollFirstEntry().getValue());
        }
        return new RocksStore(found.lastEntry().getValue(), writeOptions, hot);
    }

    private RocksFamily create(int shard, long number) {
        requireOpen();
        byte[] name = ("shard-" + shard + "." + number).getBytes(StandardCharsets.UTF_8);
        try {
            ColumnFamilyHandle handle = db.createColumnFamily(new ColumnFamilyDescriptor(name, familyOptions));
            RocksFamily family = family(shard, handle);
            families(shard).put(number, family);
            return family;
        } catch (RocksDBException failure) {
            throw new StoreFailedException(
                    "The store in " + folder + " can't open another shard: " + failure.getMessage(),
                    failure,
                    RocksFamily.isCorruption(failure));
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new StoreFailedException("The store in " + folder + " is closed", null, false);
        }
    }

    /** Drops a family: no lookup finds it any more, and those that have it may read it until the next flush. */
    private void drop(RocksFamily family) {
        family.use((open, handle) -> {
            open.dropColumnFamily(handle);
            return handle;
        });
        dropped.add(family);
    }

    @Override
    public synchronized ShardStore anew(int shard) {
        TreeMap<Long, RocksFamily> found = families(shard);
        while (found.size() > 1) {
            drop(found.pollLastEntry().getValue());
        }
        return new RocksStore(create(shard, found.lastKey() + 1), writeOptions, hot);
    }

    @Override
    public synchronized void replace(int shard, ShardStore filled) {
        RocksFamily whole = ((RocksStore) filled).family();
        whole.use((open, handle) -> {
            open.put(handle, writeOptions, RocksKeys.all(RocksKeys.WHOLE), RocksKeys.NOTHING);
            return handle;
        });
        flush(whole);
        TreeMap<Long, RocksFamily> found = families(shard);
        while (found.firstEntry().getValue() != whole) {
            drop(found.pollFirstEntry().getValue());
        }
    }

    /**
     * RocksDB as it is now, all shards together; without a count once it is closed.
     *
     * @param fileBytes of the tables on the disk
     * @param unflushedBytes of what is in memory only
     * @param cacheBytes of blocks in memory, what is not flushed included
     * @param pendingCompactionBytes that RocksDB would have to rewrite to have its levels in shape
     * @param isStalled whether it slows writes down, or has stopped them
     * @param backgroundErrors of flushes and compactions
     */
    public record Counts(
            long fileBytes,
            long unflushedBytes,
            long cacheBytes,
            long pendingCompactionBytes,
            boolean isStalled,
            long backgroundErrors) {

        private static final Counts NONE = new Counts(0, 0, 0, 0, false, 0);
    }

    /** Returns what RocksDB says of itself. */
    public synchronized Counts counts() {
        if (closed) {
            return Counts.NONE;
        }
        try {
            return new Counts(
                    db.getAggregatedLongProperty("rocksdb.total-sst-files-size"),
                    db.getAggregatedLongProperty("rocksdb.cur-size-all-mem-tables"),
                    cache.getUsage(),
                    db.getAggregatedLongProperty("rocksdb.estimate-pending-compaction-bytes"),
                    db.getLongProperty("rocksdb.is-write-stopped") > 0
                            || db.getLongProperty("rocksdb.actual-delayed-write-rate") > 0,
                    db.getLongProperty("rocksdb.background-errors"));
        } catch (RocksDBException failure) {
            throw new StoreFailedException(
                    "The store in " + folder + " can't describe itself: " + failure.getMessage(),
                    failure,
                    RocksFamily.isCorruption(failure));
        }
    }

    @Override
    public synchronized void drop(int shard) {
        TreeMap<Long, RocksFamily> found = families.remove(shard);
        if (found != null && !closed) {
            found.values().forEach(this::drop);
        }
    }

    @Override
    public void flush(int shard) {
        RocksFamily family;
        List<RocksFamily> over;
        synchronized (this) {
            requireOpen();
            family = families(shard).firstEntry().getValue();
            over = List.copyOf(dropped);
            dropped.clear();
        }
        over.forEach(RocksFamily::close);
        flush(family);
    }

    private static void flush(RocksFamily family) {
        try (FlushOptions waiting = new FlushOptions().setWaitForFlush(true).setAllowWriteStall(true)) {
            family.use((open, handle) -> {
                open.flush(waiting, handle);
                return handle;
            });
        }
    }

    /** RocksDB flushes what is not flushed yet. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        dropped.forEach(RocksFamily::close);
        families.values().forEach(ofShard -> ofShard.values().forEach(RocksFamily::close));
        own.close();
        db.close();
        closeOptions();
    }

    private void closeOptions() {
        writeOptions.close();
        familyOptions.close();
        options.close();
        filter.close();
        buffers.close();
        cache.close();
    }
}
