package dev.lockstep.parity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts of the objects of each class that a JVM can reach, as its {@code jcmd} counts them after a collection.
 *
 * @param histogram as it is printed, so that it is a single object itself
 */
record LiveObjects(String histogram) {

    /** With these the collector fills gaps, however many there are. */
    private static final String FILLER = "[I";

    static LiveObjects here() throws IOException {
        return of(ProcessHandle.current().pid());
    }

    static LiveObjects of(long pid) throws IOException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        Process process = new ProcessBuilder(jcmd, Long.toString(pid), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!printed.contains("java.lang.String")) {
            throw new IOException("jcmd tells nothing of process " + pid + ": " + printed);
        }
        return new LiveObjects(printed);
    }

    long of(Class<?> type) {
        return counts().getOrDefault(type.getName(), 0L);
    }

    /** The classes that have at least so many more objects than before, and how many. */
    Map<String, Long> moreThan(LiveObjects before, long objects) {
        Map<String, Long> grown = new TreeMap<>(counts());
        before.counts().forEach((type, count) -> grown.computeIfPresent(type, (same, now) -> now - count));
        grown.values().removeIf(more -> more < objects);
        grown.remove(FILLER);
        return grown;
    }

    /** Each line is: number, instances, bytes, class. */
    private Map<String, Long> counts() {
        Map<String, Long> counts = new HashMap<>();
        for (String line : histogram.split("\\n")) {
            String[] columns = line.trim().split("\\s+");
            if (columns.length >= 4 && columns[0].matches("\\d+:")) {
                counts.merge(columns[3], Long.parseLong(columns[1]), Long::sum);
            }
        }
        return counts;
    }
}
