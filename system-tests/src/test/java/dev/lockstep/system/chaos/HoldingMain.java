package dev.lockstep.system.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/**
 * A client that holds an entry: for each line of its input, a key, it says that it is inside {@code invoke} on it if it gets there,
 * stays until the next line, changes nothing, and says that it is out again. Should it be run once more then, it does not stay.
 */
final class HoldingMain {

    static final String INSIDE = "inside";
    static final String OUTSIDE = "outside";

    private HoldingMain() {}

    /** @param arguments the CacheManager's URI and the name of a cache of strings */
    public static void main(String[] arguments) throws IOException {
        Cache<String, String> cache = Caching.getCachingProvider()
                .getCacheManager(URI.create(arguments[0]), null)
                .createCache(
                        arguments[1], new MutableConfiguration<String, String>().setTypes(String.class, String.class));
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println(OUTSIDE);
        for (String key = in.readLine(); key != null; key = in.readLine()) {
            try {
                AtomicBoolean first = new AtomicBoolean(true);
                cache.invoke(key, (entry, none) -> first.getAndSet(false) ? stay(in) : null);
            } catch (CacheException refused) {
                System.err.println(refused);
            }
            System.out.println(OUTSIDE);
        }
    }

    private static String stay(BufferedReader in) {
        System.out.println(INSIDE);
        try {
            return in.readLine();
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }
}
