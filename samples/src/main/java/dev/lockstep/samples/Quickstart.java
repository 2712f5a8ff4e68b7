package dev.lockstep.samples;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/**
 * The main job on real input: three node processes, a client that caches the name of every assigned Unicode character,
 * a node killed half-way, and a second client in a JVM of its own that reads everything back. Ends with
 * {@code lost=<acknowledged entries that were not read back>} and exits with 1 if that is not 0.
 */
public final class Quickstart {

    static final String CACHE = "unicode-names";
    private static final int WRITERS = 128;

    private static final boolean TERMINAL = System.console() != null;
    private static final Duration WRITING_MAX = Duration.ofMinutes(5);

    private Quickstart() {}

    public static void main(String[] arguments) throws Exception {
        Path home = arguments.length > 0 ? Path.of(arguments[0]) : Files.createTempDirectory("lockstep-demo");
        BitSet named = assignedCodePoints();
        say("Starting three nodes; their files and logs are in %s", home);
        long lost;
        try (Nodes nodes = Nodes.start(home)) {
            say("Three nodes are ready: %s", nodes.addresses());
            BitSet acknowledged = write(nodes, named);
            lost = acknowledged.cardinality() - readBack(nodes, home, acknowledged);
        }
        System.out.println("lost=" + lost);
        System.exit(lost == 0 ? 0 : 1);
    }

    private static BitSet assignedCodePoints() {
        BitSet named = new BitSet();
        for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
            if (isAssigned(point)) {
                named.set(point);
            }
        }
        return named;
    }

    /** Surrogates and private use have only made-up names. */
    private static boolean isAssigned(int point) {
        int type = Character.getType(point);
        return type != Character.UNASSIGNED && type != Character.SURROGATE && type != Character.PRIVATE_USE;
    }

    private static BitSet write(Nodes nodes, BitSet named) throws Exception {
        try (CacheManager manager = connect(nodes.uri())) {
            Cache<Integer, String> cache = manager.createCache(CACHE, configuration());
            Writing writing = new Writing(cache, named);
            long began = System.nanoTime();
            ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
            for (int i = 0; i < WRITERS; i++) {
                writers.execute(writing);
            }
            writers.shutdown();
            watch(writers, writing, nodes, named.cardinality());
            report("Wrote", writing.done.get(), began);
            say("%d puts were refused or timed out on the way and were sent again", writing.again.get());
            return writing.acknowledged();
        }
    }

    /** Shows progress, and kills a node when half of the entries have been acknowledged. */
    private static void watch(ExecutorService writers, Writing writing, Nodes nodes, int total)
            throws InterruptedException {
        long giveUp = System.nanoTime() + WRITING_MAX.toNanos();
        long nextLine = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        boolean killed = false;
        while (!writers.awaitTermination(200, TimeUnit.MILLISECONDS)) {
            int done = writing.done.get();
            if (!killed && done >= total / 2) {
                killed = true;
                String victim = nodes.killFirst();
                say((TERMINAL ? "\r" : "") + "Killed node %s (SIGKILL) after %,d acknowledged puts", victim, done);
            }
            if (TERMINAL) {
                System.out.printf(Locale.ROOT, "\r  %,d of %,d  ", done, total);
            } else if (System.nanoTime() > nextLine) {
                say("  %,d of %,d", done, total);
                nextLine += TimeUnit.SECONDS.toNanos(5);
            }
            if (System.nanoTime() > giveUp) {
                writers.shutdownNow();
                throw new IllegalStateException("Writing took longer than " + WRITING_MAX + "; gave up");
            }
        }
        if (TERMINAL) {
            System.out.print("\r");
        }
        if (!killed) {
            throw new IllegalStateException("All entries were written before a node could be killed");
        }
    }

    /** Reads everything in another JVM and answers how many of the acknowledged entries it found, with the right value. */
    private static long readBack(Nodes nodes, Path home, BitSet acknowledged) throws Exception {
        Path file = home.resolve("acknowledged");
        Files.write(file, acknowledged.toByteArray());
        Process reader = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        QuickstartReader.class.getName(),
                        nodes.uri().toString(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long found = -1;
        try (var lines = reader.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(QuickstartReader.FOUND)) {
                    found = Long.parseLong(line.substring(QuickstartReader.FOUND.length()));
                } else {
                    System.out.println(line);
                }
            }
        }
        if (reader.waitFor() != 0 || found < 0) {
            throw new IOException("The reading client failed with exit code " + reader.exitValue());
        }
        return found;
    }

    static CacheManager connect(URI cluster) {
        return Caching.getCachingProvider().getCacheManager(cluster, Quickstart.class.getClassLoader());
    }

    static MutableConfiguration<Integer, String> configuration() {
        return new MutableConfiguration<Integer, String>().setTypes(Integer.class, String.class);
    }

    static void report(String what, int entries, long beganNanos) {
        double seconds = (System.nanoTime() - beganNanos) / 1e9;
        say("%s %,d entries in %.1f s: %,.0f a second", what, entries, seconds, entries / seconds);
    }

    static void say(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }

    /** The work that all writers share: the next code point, until there are none. */
    private static final class Writing implements Runnable {

        private final Cache<Integer, String> cache;
        private final int[] points;
        private final AtomicInteger next = new AtomicInteger();
        private final BitSet acknowledged = new BitSet();
        private final AtomicInteger done = new AtomicInteger();
        private final AtomicInteger again = new AtomicInteger();

        Writing(Cache<Integer, String> cache, BitSet named) {
            this.cache = cache;
            this.points = named.stream().toArray();
        }

        @Override
        public void run() {
            for (int i = next.getAndIncrement(); i < points.length; i = next.getAndIncrement()) {
                while (!put(points[i])) {
                    again.incrementAndGet();
                    if (Thread.currentThread().isInterrupted()) {
                        return;
                    }
                }
            }
        }

        private boolean put(int point) {
            try {
                cache.put(point, Character.getName(point));
            } catch (CacheException refused) {
                return false;
            }
            synchronized (acknowledged) {
                acknowledged.set(point);
            }
            done.incrementAndGet();
            return true;
        }

        BitSet acknowledged() {
            synchronized (acknowledged) {
                return (BitSet) acknowledged.clone();
            }
        }
    }
}
