package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import java.util.function.Consumer;

/** A scan of all keys of a cache as bytes, page by page, without their values. */
record KeyScan<K, V>(CacheClient<K, V> client) {

    void forEach(Consumer<Bytes> consumer) {
        for (int shard = 0; shard < client.shards(); shard++) {
            Bytes after = null;
            Reply.Keys page;
            do {
                page = client.keys(shard, after);
                page.keys().forEach(consumer);
                after = page.complete() ? null : page.keys().get(page.keys().size() - 1);
            } while (after != null);
        }
    }
}
