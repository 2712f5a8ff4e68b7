package dev.lockstep.jcache.spi;

import dev.lockstep.jcache.marshalling.Marshallers;
import dev.lockstep.protocol.settings.Spelling;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import javax.cache.CacheException;

/** Refuses properties of Lockstep's that do not exist, naming the nearest that does. Stateless. */
final class KnownProperties {

    private static final String PREFIX = "lockstep.";

    /**
     * Resources in which other modules list the system properties that they read, a name a line, spelled as Spring
     * Boot spells them; a name that ends in {@code .*} matches all that begin so.
     */
    private static final String ELSEWHERE = "META-INF/lockstep/system-properties";

    private static final List<String> OF_MANAGERS = List.of(Marshallers.MARSHALLER, Marshallers.ALLOWED);
    private static final List<String> OF_THE_SYSTEM =
            List.of(LockstepCachingProvider.DEFAULT_URI_PROPERTY, Marshallers.ALLOWED);

    private KnownProperties() {}

    /**
     * Looks through the properties of a manager and those of the JVM.
     *
     * @param loader of the manager
     * @throws CacheException when there is one that does not exist
     */
    static void check(Properties properties, ClassLoader loader) {
        check("property", properties, OF_MANAGERS, List.of());
        check("system property", System.getProperties(), OF_THE_SYSTEM, elsewhere(loader));
    }

    private static void check(String kind, Properties properties, List<String> own, List<String> elsewhere) {
        for (String name : properties.stringPropertyNames()) {
            if (name.startsWith(PREFIX)
                    && !own.contains(name)
                    && elsewhere.stream().noneMatch(known -> isMeant(name, known))) {
                List<String> known = new ArrayList<>(own);
                known.addAll(elsewhere);
                throw new CacheException("Unknown " + kind + " \"" + name + "\"; did you mean \""
                        + Spelling.nearest(name, known) + "\"? Known: " + String.join(", ", known));
            }
        }
    }

    /** Returns true if Spring Boot takes a name for a known one, or for that of an element of it. */
    private static boolean isMeant(String name, String known) {
        boolean open = known.endsWith(".*");
        String base = uniform(open ? known.substring(0, known.length() - 2) : known);
        String given = uniform(name);
        return given.equals(base) || given.startsWith(base + "[") || (open && given.startsWith(base + "."));
    }

    private static String uniform(String name) {
        return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }

    private static List<String> elsewhere(ClassLoader loader) {
        List<String> names = new ArrayList<>();
        try {
            for (URL url : Collections.list(loader.getResources(ELSEWHERE))) {
                try (InputStream in = url.openStream()) {
                    names.addAll(new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .toList());
                }
            }
        } catch (IOException unreadable) {
            throw new CacheException("The resources " + ELSEWHERE + " can't be read: " + unreadable, unreadable);
        }
        return names;
    }
}
