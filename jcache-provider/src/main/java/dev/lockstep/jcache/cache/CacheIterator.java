package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.jcache.management.Tally;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.Reply;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.function.Consumer;
import javax.cache.Cache;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/** An iterator over a cache, shard by shard and page by page, that returns what exists when it gets there. Not thread-safe. */
final class CacheIterator<K, V> implements Iterator<Cache.Entry<K, V>> {

    private final CacheClient<K, V> client;
    private final Statistics statistics;
    private final Consumer<K> remover;
    private final Queue<Read> page = new ArrayDeque<>();
    private int shard;
    private @Nullable Bytes after;
    private @Nullable K last;

    private record Read(Bytes key, EntryRead entry) {}

    CacheIterator(CacheClient<K, V> client, Statistics statistics, Consumer<K> remover) {
        this.client = client;
        this.statistics = statistics;
        this.remover = remover;
    }

    @Override
    public boolean hasNext() {
        while (page.isEmpty() && shard < client.shards()) {
            read();
        }
        return !page.isEmpty();
    }

    private void read() {
        Reply.Keys keys = client.keys(shard, after);
        if (keys.complete()) {
            shard++;
            after = null;
        } else {
            after = keys.keys().get(keys.keys().size() - 1);
        }
        if (!keys.keys().isEmpty()) {
            client.read(keys.keys()).forEach((key, entry) -> page.add(new Read(key, entry)));
        }
    }

    @Override
    public Cache.Entry<K, V> next() {
        Tally tally = statistics.begin();
        if (!hasNext()) {
            throw new NoSuchElementException("There are no more entries");
        }
        Read read = page.remove();
        last = null;
        K key = client.codec().key(read.key());
        last = key;
        client.recordRead(read.key(), read.entry().version());
        tally.read(true);
        return entry(key, read.entry());
    }

    private Cache.Entry<K, V> entry(K key, EntryRead read) {
        try {
            return new LockstepEntry<>(key, client.codec().value(read.value()));
        } catch (CacheException unreadable) {
            return new LockstepEntry<>(key, null, unreadable);
        }
    }

    @Override
    public void remove() {
        if (last == null) {
            throw new IllegalStateException("No entry to remove: remove() may be called once after each next()");
        }
        remover.accept(last);
        last = null;
    }
}
