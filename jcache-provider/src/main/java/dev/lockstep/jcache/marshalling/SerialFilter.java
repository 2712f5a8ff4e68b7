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
final class SerialFilter implements ObjectInputFilter {

    private static final long MAX_DEPTH = 64;
    private static final long MAX_REFERENCES = 1_000_000;
    private static final long MAX_ARRAY = 16L * 1024 * 1024;
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
    private static final Set<String> JDK_CLASSES =
            Set.of("java.net.URI", "java.net.URL", "java.sql.Date", "java.sql.Time", "java.sql.Timestamp");

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

    @Override
    public Status checkInput(FilterInfo info) {
        if (info.depth() > MAX_DEPTH || info.references() > MAX_REFERENCES || info.arrayLength() > MAX_ARRAY) {
            return Status.REJECTED;
        }
        return info.serialClass() == null || isAllowed(info.serialClass()) ? Status.ALLOWED : Status.REJECTED;
    }

    boolean isAllowed(Class<?> type) {
        Class<?> element = element(type);
        String name = element.getName();
        return element.isPrimitive()
                || JDK_PACKAGES.contains(element.getPackageName())
                || JDK_CLASSES.contains(name)
                || known.contains(name)
                || prefixes.stream().anyMatch(name::startsWith);
    }

    private static Class<?> element(Class<?> type) {
        Class<?> element = type;
        while (element.isArray()) {
            element = element.getComponentType();
        }
        return element;
    }
}
