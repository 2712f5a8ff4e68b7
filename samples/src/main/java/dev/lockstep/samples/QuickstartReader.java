package dev.lockstep.samples;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.cache.Cache;
import javax.cache.CacheManager;

/**
 * The quickstart's second client: reads the acknowledged entries back with {@code getAll} and counts those that are there
 * with the right value. Arguments: the cluster's URI, and the file of acknowledged code points.
 */
public final class QuickstartReader {

    static final String FOUND = "found=";
    private static final int PAGE = 1_000;

    private QuickstartReader() {}

    public static void main(String[] arguments) throws Exception {
        BitSet acknowledged = BitSet.valueOf(Files.readAllBytes(Path.of(arguments[1])));
        try (CacheManager manager = Quickstart.connect(URI.create(arguments[0]))) {
            Cache<Integer, String> cache = manager.getCache(Quickstart.CACHE, Integer.class, String.class);
            long began = System.nanoTime();
            int found = count(cache, acknowledged);
            Quickstart.report("Another client read", acknowledged.cardinality(), began);
            Quickstart.say("Hit ratio: %.2f %%", 100.0 * found / acknowledged.cardinality());
            System.out.println(FOUND + found);
        }
    }

    private static int count(Cache<Integer, String> cache, BitSet points) {
        int found = 0;
        Set<Integer> page = new HashSet<>();
        for (int point = points.nextSetBit(0); point >= 0; point = points.nextSetBit(point + 1)) {
            page.add(point);
            if (page.size() == PAGE) {
                found += countPage(cache, page);
                page.clear();
            }
        }
        return found + countPage(cache, page);
    }

    private static int countPage(Cache<Integer, String> cache, Set<Integer> page) {
        int found = 0;
        for (Map.Entry<Integer, String> entry : cache.getAll(page).entrySet()) {
            if (entry.getValue().equals(Character.getName(entry.getKey()))) {
                found++;
            }
        }
        return found;
    }
}
