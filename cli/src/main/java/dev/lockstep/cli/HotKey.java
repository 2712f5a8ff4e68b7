package dev.lockstep.cli;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply.NodeFacts;
import dev.lockstep.protocol.wire.Reply.NodeFacts.BusyKey;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A key that many requests of the last minute were about.
 *
 * @param cache its name
 * @param key as text
 * @param share of all requests about entries, 0 to 1
 */
record HotKey(String cache, String key, double share) {

    /** Fewer samples than that tell nothing. */
    static final int ENOUGH_SAMPLES = 100;

    private static final int MOST = 5;

    /** A key that is seen once may be any. */
    private static final int LEAST_SEEN = 2;

    private record Of(int cacheId, Bytes key) {}

    /**
     * Returns the keys that were seen most often, most often first; none if the nodes have seen few requests.
     *
     * @param caches their names by their ids
     */
    static List<HotKey> among(Collection<NodeFacts> nodes, Map<Integer, String> caches) {
        int sampled = nodes.stream().mapToInt(NodeFacts::sampled).sum();
        if (sampled < ENOUGH_SAMPLES) {
            return List.of();
        }
        Map<Of, Integer> seen = new HashMap<>();
        for (NodeFacts node : nodes) {
            for (BusyKey key : node.busiest()) {
                seen.merge(new Of(key.cacheId(), key.key()), key.seen(), Integer::sum);
            }
        }
        return seen.entrySet().stream()
                .filter(key -> key.getValue() >= LEAST_SEEN)
                .sorted(Map.Entry.<Of, Integer>comparingByValue(Comparator.reverseOrder()))
                .limit(MOST)
                .map(key -> new HotKey(
                        cacheName(caches, key.getKey().cacheId()),
                        EntryText.text(key.getKey().key()),
                        (double) key.getValue() / sampled))
                .toList();
    }

    /** Returns the name of a cache, or its id if it is not known. */
    static String cacheName(Map<Integer, String> caches, int cacheId) {
        return caches.getOrDefault(cacheId, "#" + cacheId);
    }
}
