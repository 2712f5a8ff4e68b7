package dev.lockstep.parity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts of the objects of each class that a JVM can reach, as its {@code jcmd} counts them after a collection. Interned strings are
 * not counted: the compilers make one of each literal of the code they compile, hundreds within seconds.
 *
 * @param histogram as it is printed, so that it is a single object itself
 * @param interned the number of interned strings
 */
record LiveObjects(String histogram, long interned) {

    private static final Pattern INTERNED = Pattern.compile("Number of entries *: *(\\d+)");

    /** With these the collector fills gaps, however many there are. */
    private static final String FILLER = "[I";

    static LiveObjects here() throws IOException {
        return of(ProcessHandle.current().pid());
    }

    static LiveObjects of(long pid) throws IOException {
        String histogram = jcmd(pid, "GC.class_histogram");
        String strings = jcmd(pid, "VM.stringtable");
        Matcher interned = INTERNED.matcher(strings);
        if (!histogram.contains("java.lang.String") || !interned.find()) {
            throw new IOException("jcmd tells nothing of process " + pid + ": " + histogram + strings);
        }
        return new LiveObjects(histogram, Long.parseLong(interned.group(1)));
    }

    private static String jcmd(long pid, String command) throws IOException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        Process process = new ProcessBuilder(jcmd, Long.toString(pid), command)
                .redirectErrorStream(true)
                .start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
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
        counts.merge("java.lang.String", -interned, Long::sum);
        counts.merge("[B", -interned, Long::sum);
        return counts;
    }
}
