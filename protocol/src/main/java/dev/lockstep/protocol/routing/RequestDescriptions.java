package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.runtime.LruMap;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.Map;

/** Describes requests for messages, with the names of the caches that were learned from replies. Thread-safe. */
final class RequestDescriptions {

    /** As many caches as a cluster can have at a time: names of those that are gone are forgotten. */
    static final int MAX_NAMES = 10_000;

    /** Guarded by itself. */
    private final Map<Integer, String> names = new LruMap<>(MAX_NAMES);

    /** Learns the names of the caches that a reply tells of, if any. */
    void learn(Reply reply) {
        List<CacheInfo> caches = reply instanceof Reply.Caches known
                ? known.caches()
                : reply instanceof Reply.Created created ? List.of(created.cache()) : List.of();
        synchronized (names) {
            for (CacheInfo cache : caches) {
                names.put(cache.id(), cache.definition().name());
            }
        }
    }

    String of(Request request) {
        return request.describe(this::cache);
    }

    private String cache(int id) {
        String name;
        synchronized (names) {
            name = names.get(id);
        }
        return name == null ? "number " + id : "\"" + name + "\"";
    }
}
