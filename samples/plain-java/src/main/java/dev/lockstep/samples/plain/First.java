package dev.lockstep.samples.plain;

import javax.cache.Cache;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/** A node in memory, in this JVM: no port, no file. */
public class First {
    public static void main(String[] args) {
        try (var provider = Caching.getCachingProvider()) {
            Cache<String, Integer> visits = provider.getCacheManager()
                    .createCache(
                            "visits",
                            new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class));
            visits.put("home", 41);
            visits.invoke("home", (entry, arguments) -> {
                entry.setValue(entry.getValue() + 1);
                return null;
            });
            System.out.println(visits.get("home"));
        }
    }
}
