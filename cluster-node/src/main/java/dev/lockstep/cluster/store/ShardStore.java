package dev.lockstep.cluster.store;

import dev.lockstep.protocol.routing.LocalEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The entries of one shard. One thread writes, in log order; any thread reads, without lock, and may see the entries of a
 * log position that is being applied (see {@code docs/architecture.md}, "A read").
 */
public interface ShardStore {

    /** The entry, expired or not, or null. */
    @Nullable
    LocalEntry get(int cacheId, Bytes key);

    /** Stores an entry and answers the one before. Writer only. */
    @Nullable
    LocalEntry put(int cacheId, Bytes key, LocalEntry entry);

    /** Removes an entry and answers it. Writer only. */
    @Nullable
    LocalEntry remove(int cacheId, Bytes key);

    /** How many entries a cache has, expired ones that no tick has removed yet included. */
    long count(int cacheId);

    /**
     * Keys after {@code after}, in the order of {@link Bytes#compareTo}: the first {@code limit} of them.
     *
     * @param after exclusive; null from the beginning
     * @param limit positive
     */
    List<Bytes> keysAfter(int cacheId, @Nullable Bytes after, int limit);

    /** The keys of a cache in no order: all that are there now and stay, and perhaps others. One thread at a time. */
    Iterator<Bytes> keys(int cacheId);

    /** Forgets all entries of a cache. Writer only. */
    void clear(int cacheId);

    /**
     * The entries as they are now, whatever is written afterwards. Writer only, and not while there is another that has not been
     * closed; what it answers may be used by another thread.
     */
    Image image();

    /** All entries as they were at one moment. Used by one thread. */
    interface Image extends AutoCloseable {

        /** Tells all entries, some of them perhaps twice. */
        void forEach(EntryConsumer entry);

        /** Of no effect but that nothing need be kept for it any more. Idempotent. */
        @Override
        void close();
    }

    /** Takes an entry. */
    interface EntryConsumer {
        void accept(int cacheId, Bytes key, LocalEntry entry);
    }
}
