package dev.lockstep.samples.plain;

import java.net.URI;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/** The same with nodes elsewhere: the argument is their URI, {@code lockstep://host:port;host:port/cluster}. */
public class FirstAsClient {
    public static void main(String[] args) {
        try (var provider = Caching.getCachingProvider()) {
            CacheManager manager = provider.getCacheManager(URI.create(args[0]), null);
            Cache<String, Integer> visits = manager.getCache("visits", String.class, Integer.class);
            if (visits == null) { // the nodes keep it from one run to the next
                visits = manager.createCache(
                        "visits", new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class));
            }
            visits.put("home", 41);
            visits.invoke("home", (entry, arguments) -> {
                entry.setValue(entry.getValue() + 1);
                return null;
            });
            System.out.println(visits.get("home"));
        }
    }
}
