package dev.lockstep.cluster.store;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The entries of one shard, and whatever else has to change together with them. One thread writes, in log order; any thread
 * reads, and may see the entries of a log position that is being applied (see {@code docs/architecture.md}, "A read").
 *
 * <p>What is written up to a {@link #commit} belongs together. The writer sees it at once, all others at the latest when
 * {@code commit} returns; a store that outlasts the process has after a crash all of it or nothing.
 */
public interface ShardStore {

    /** The entry, expired or not, or null. */
    @Nullable
    StoredEntry get(int cacheId, Bytes key);

    /** Stores an entry and answers the one before. Writer only. */
    @Nullable
    StoredEntry put(int cacheId, Bytes key, StoredEntry entry);

    /** Removes an entry and answers it. Writer only. */
    @Nullable
    StoredEntry remove(int cacheId, Bytes key);

    /** Counts the entries of a cache, including expired ones that no tick has removed yet. */
    long count(int cacheId);

    /** The bytes of those entries, as {@link CacheDefinition#entryBytes} counts them. */
    long bytes(int cacheId);

    /**
     * Keys after {@code after}, in the order of {@link Bytes#compareTo}: the first {@code limit} of them.
     *
     * @param after exclusive; null from the beginning
     * @param limit positive
     */
    List<Bytes> keysAfter(int cacheId, @Nullable Bytes after, int limit);

    /** The keys of a cache in no order: all that are there now and stay, and perhaps others. One thread at a time. */
    Iterator<Bytes> keys(int cacheId);

    /** Tells all entries of a cache, in no order. Writer only. */
    void forEach(int cacheId, BiConsumer<Bytes, StoredEntry> entry);

    /** Forgets all entries of a cache. Writer only. */
    void clear(int cacheId);

    /** The entry that is due first, or null if none has a deadline. Writer only. */
    @Nullable
    Deadline firstDue();

    /**
     * The entries as they were after the last commit, whatever is written afterwards. Writer only, and not while there is another
     * that has not been closed; what it answers may be used by another thread.
     */
    Image image();

    // What else belongs to a batch

    /** Tells whether it {@linkplain #putMetadata persists metadata}; one that is gone with its process need not. */
    default boolean isPersistent() {
        return false;
    }

    /** Stores a record of the machine's other state, in place of the one that has the same key. Writer only. */
    default void putMetadata(Bytes key, MetadataRecord record) {}

    /** Deletes a record. Writer only. */
    default void deleteMetadata(Bytes key) {}

    /** Passes on all records, in the order of their keys' bytes. Writer only. */
    default void metadata(BiConsumer<byte[], byte[]> keyAndRecord) {}

    /** Ends a batch. Writer only. */
    default void commit() {}

    /** A record of state that is no entry; encoded only if it outlasts its batch. */
    interface MetadataRecord {
        byte[] encode();
    }

    /** All entries as they were at one moment. Used by one thread. */
    interface Image extends AutoCloseable {

        /** Tells all entries, some of them perhaps twice. */
        void forEach(EntryConsumer entry);

        /** Passes on all records of that moment, as {@link ShardStore#metadata} does. */
        default void metadata(BiConsumer<byte[], byte[]> keyAndRecord) {}

        /** Releases what was retained for it. Idempotent. */
        @Override
        void close();
    }

    /** Takes an entry. */
    interface EntryConsumer {
        void accept(int cacheId, Bytes key, StoredEntry entry);
    }
}
