package dev.lockstep.cluster.control;

import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The control group as a deterministic machine: which caches exist. Its commands are idempotent, so that a retry needs no
 * session. {@link #create} and {@link #destroy} belong to the thread that applies the log; the reads may be asked by any.
 */
public final class ClusterMachine {

    static final int MAX_CACHES = 10_000;

    /** Replaced, never changed. */
    private volatile TreeMap<Integer, CacheInfo> caches = new TreeMap<>();

    private volatile int highestId;

    /** Creates a cache or attaches to an equal one. */
    Reply create(CacheDefinition definition) {
        for (CacheInfo existing : caches.values()) {
            if (existing.definition().name().equals(definition.name())) {
                return existing.definition().equals(definition)
                        ? new Reply.Caches(List.of(existing))
                        : Reply.Refused.of(Status.DEFINITION_DIFFERS, difference(existing.definition(), definition));
            }
        }
        if (caches.size() == MAX_CACHES) {
            return Reply.Refused.of(Status.INVALID, "There are " + MAX_CACHES + " caches already, as many as can be");
        }
        CacheInfo created = new CacheInfo(highestId + 1, definition);
        TreeMap<Integer, CacheInfo> changed = new TreeMap<>(caches);
        changed.put(created.id(), created);
        caches = changed;
        highestId = created.id();
        return new Reply.Caches(List.of(created));
    }

    Reply destroy(int cacheId) {
        TreeMap<Integer, CacheInfo> changed = new TreeMap<>(caches);
        changed.remove(cacheId);
        caches = changed;
        return new Reply.Done();
    }

    /** The cache with this id, or null: destroyed, or not known here yet if the id is above {@link #highestId}. */
    public @Nullable CacheInfo cache(int cacheId) {
        return caches.get(cacheId);
    }

    public List<CacheInfo> caches() {
        return List.copyOf(caches.values());
    }

    /** The highest id ever given to a cache. */
    public int highestId() {
        return highestId;
    }

    private static String difference(CacheDefinition existing, CacheDefinition asked) {
        List<String> differences = new ArrayList<>();
        differ(differences, "key type", existing.keyType(), asked.keyType());
        differ(differences, "value type", existing.valueType(), asked.valueType());
        differ(differences, "expiry", existing.expiry(), asked.expiry());
        differ(differences, "expiry policy", existing.expiryPolicy(), asked.expiryPolicy());
        differ(differences, "max-entries", existing.maxEntries(), asked.maxEntries());
        differ(differences, "consistency", existing.consistency(), asked.consistency());
        return "Cache " + existing.name() + " exists with another definition: " + String.join("; ", differences);
    }

    private static void differ(List<String> differences, String what, Object existing, Object asked) {
        if (!Objects.equals(existing, asked)) {
            differences.add(what + " is " + existing + ", asked for was " + asked);
        }
    }
}
