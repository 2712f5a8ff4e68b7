package dev.lockstep.jcache.marshalling;

import java.io.ObjectInputFilter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What may be deserialised: the JDK's value types, the cache's declared types with their packages, the classes named by
 * configuration, those it has itself serialised for the cache, and nothing else. Thread-safe.
 */
final class SerialFilter {

    private static final long MAX_DEPTH = 64;
    private static final long MAX_REFERENCES = 1_000_000;
    /**
     * For each byte of a stream. An element has a byte at least; a hash table is made up to four times larger than its
     * entries, then rounded up.
     */
    private static final long MAX_ELEMENTS = 8;

    private static final Set<String> JDK_PACKAGES = Set.of(
            "java.lang",
            "java.math",
            "java.time",
            "java.time.chrono",
            "java.time.zone",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "java.util.regex");
    /** Not java.net.URL: as a key it asks the network for its host while it is read. */
    private static final Set<String> JDK_CLASSES =
            Set.of("java.net.URI", "java.sql.Date", "java.sql.Time", "java.sql.Timestamp");

    private static final Set<String> PRIMITIVES =
            Set.of("boolean", "byte", "char", "double", "float", "int", "long", "short", "void");

    /** Each ends with a dot. */
    private final List<String> prefixes = new CopyOnWriteArrayList<>();

    private final Set<String> known = ConcurrentHashMap.newKeySet();

    /** @param allowed class names, or packages with {@code .*} for themselves and those below */
    SerialFilter(List<String> allowed) {
        allowed.stream()
                .filter(pattern -> pattern.endsWith(".*"))
                .map(pattern -> pattern.substring(0, pattern.length() - 1))
                .forEach(prefixes::add);
        known.addAll(allowed);
    }

    /** This class may be read from now on. */
    void allow(Class<?> type) {
        known.add(element(type).getName());
    }

    /** This class may be read from now on, and so may what it is likely made of: the classes of its package and below. */
    void allowWithPackage(Class<?> type) {
        allow(type);
        String name = element(type).getPackageName();
        if (!name.isEmpty() && !name.startsWith("java.") && !prefixes.contains(name + ".")) {
            prefixes.add(name + ".");
        }
    }

    /** The filter of one stream; what its arrays claim to hold, all together, is bounded by its {@code bytes}. */
    ObjectInputFilter forStream(int bytes) {
        return new ObjectInputFilter() {
            private long elements;

            @Override
            public Status checkInput(FilterInfo info) {
                elements += Math.max(0, info.arrayLength());
                if (info.depth() > MAX_DEPTH || info.references() > MAX_REFERENCES || elements > MAX_ELEMENTS * bytes) {
                    return Status.REJECTED;
                }
                return info.serialClass() == null
                                || isAllowed(info.serialClass().getName())
                        ? Status.ALLOWED
                        : Status.REJECTED;
            }
        };
    }

    /** @param className as {@link Class#getName} has it; of an array, its elements' class is judged */
    boolean isAllowed(String className) {
        String name = className;
        if (name.startsWith("[")) {
            String element = name.substring(name.lastIndexOf("[") + 1);
            if (!element.startsWith("L")) {
                return element.length() == 1;
            }
            name = element.substring(1, Math.max(1, element.length() - 1));
        }
        return PRIMITIVES.contains(name)
                || JDK_PACKAGES.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))))
                || JDK_CLASSES.contains(name)
                || known.contains(name)
                || isBelowAllowed(name);
    }

    private boolean isBelowAllowed(String name) {
        return prefixes.stream().anyMatch(name::startsWith);
    }

    private static Class<?> element(Class<?> type) {
        Class<?> element = type;
        while (element.isArray()) {
            element = element.getComponentType();
        }
        return element;
    }
}
