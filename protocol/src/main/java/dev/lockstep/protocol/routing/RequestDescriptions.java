package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tells in words what a request is about: its kind, its cache by name, its key, and its shard. Thread-safe. */
final class RequestDescriptions {

    private static final int MAX_KEY = 48;
    /** As many caches as a cluster can have at a time: of those that are gone the oldest names are forgotten. */
    static final int MAX_NAMES = 10_000;

    /** The last learned comes last. Guarded by itself. */
    private final Map<Integer, String> names = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, String> eldest) {
            return size() > MAX_NAMES;
        }
    };

    /** Learns the names of the caches that a reply tells of, if any. */
    void learn(Reply reply) {
        List<CacheInfo> caches = reply instanceof Reply.Caches known
                ? known.caches()
                : reply instanceof Reply.Created created ? List.of(created.cache()) : List.of();
        synchronized (names) {
            for (CacheInfo cache : caches) {
                names.remove(cache.id());
                names.put(cache.id(), cache.definition().name());
            }
        }
    }

    String of(Request request) {
        String kind = request.getClass().getSimpleName();
        if (request instanceof Request.CreateCache create) {
            return kind + " \"" + create.proposal().name() + "\"";
        } else if (request instanceof Request.OfCache ofCache) {
            List<Bytes> keys = keys(request);
            return kind + (keys.isEmpty() ? "" : " of " + keys(keys)) + " in cache " + cache(ofCache.cacheId())
                    + ", shard " + ofCache.shard();
        } else if (request instanceof Request.ToShard toShard) {
            return kind + " in shard " + toShard.shard();
        } else if (request instanceof Request.DestroyCache destroy) {
            return kind + " " + cache(destroy.cacheId());
        } else if (request instanceof Request.AlterCache alter) {
            return kind + " " + cache(alter.cacheId());
        }
        return kind;
    }

    private String cache(int id) {
        String name;
        synchronized (names) {
            name = names.get(id);
        }
        return name == null ? "number " + id : "\"" + name + "\"";
    }

    private static List<Bytes> keys(Request request) {
        if (request instanceof Request.Get get) {
            return get.keys();
        } else if (request instanceof Request.Write write) {
            return write.mutations().stream().map(Mutation::key).toList();
        } else if (request instanceof Request.ReadForUpdate read) {
            return List.of(read.key());
        } else if (request instanceof Request.Release release) {
            return List.of(release.key());
        }
        return List.of();
    }

    private static String keys(List<Bytes> keys) {
        String first = "key \"" + shortened(keys.get(0)) + "\"";
        return keys.size() == 1 ? first : first + " and " + (keys.size() - 1) + " more";
    }

    /** Keys are bytes here: those that are text can be read, the others stand as dots. */
    private static String shortened(Bytes key) {
        StringBuilder text = new StringBuilder();
        for (byte one : key.array()) {
            if (text.length() == MAX_KEY) {
                return text.append('…').toString();
            }
            boolean readable = one >= ' ' && one <= '~' && one != '"';
            if (readable || text.length() > 0) {
                text.append(readable ? (char) one : '.');
            }
        }
        return text.toString();
    }
}
