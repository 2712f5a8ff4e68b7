package dev.lockstep.jcache.marshalling;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The classes that may be deserialised: the JDK's values and collections, the cache's declared types with their packages, the
 * classes named by configuration, those that this JVM has itself serialised, and nothing else. Thread-safe.
 */
final class SerialFilter {

    private static final Set<String> JDK_PACKAGES = Set.of(
            "java.lang",
            "java.math",
            "java.text",
            "java.time",
            "java.time.chrono",
            "java.time.format",
            "java.time.temporal",
            "java.time.zone",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "java.util.concurrent.locks",
            "java.util.regex");
    /**
     * Values of other packages, and what those above are made of. Not java.net.URL: as a key it asks the network for its host
     * while it is read.
     */
    private static final Set<String> JDK_CLASSES = Set.of(
            "java.io.File",
            "java.io.Serializable",
            "java.net.Inet4Address",
            "java.net.Inet6Address",
            "java.net.InetAddress",
            "java.net.InetSocketAddress",
            "java.net.SocketAddress",
            "java.net.URI",
            "java.sql.Date",
            "java.sql.Time",
            "java.sql.Timestamp",
            "sun.util.BuddhistCalendar",
            "sun.util.calendar.ZoneInfo");

    private static final Set<String> PRIMITIVES =
            Set.of("boolean", "byte", "char", "double", "float", "int", "long", "short", "void");

    /** The names of the classes that this JVM has serialised and read back, for whatever cache: as many as it has classes. */
    private static final Set<String> OF_THIS_JVM = ConcurrentHashMap.newKeySet();

    /** Each ends with a dot. */
    private final List<String> prefixes = new CopyOnWriteArrayList<>();

    private final Set<String> known = ConcurrentHashMap.newKeySet();
    private final Set<String> written;

    /** @param allowed class names, or packages with {@code .*} for themselves and those below */
    SerialFilter(Collection<String> allowed) {
        this(allowed, OF_THIS_JVM);
    }

    /** @param written where the classes are noted that were serialised */
    SerialFilter(Collection<String> allowed, Set<String> written) {
        allowed.stream()
                .filter(pattern -> pattern.endsWith(".*"))
                .map(pattern -> pattern.substring(0, pattern.length() - 1))
                .forEach(prefixes::add);
        known.addAll(allowed);
        known.add(CanonicalForm.class.getName());
        this.written = written;
    }

    /** Allows a class to be read from now on, and what it is likely made of: the classes of its package and below. */
    void allowWithPackage(Class<?> type) {
        Class<?> element = element(type);
        known.add(element.getName());
        String name = element.getPackageName();
        if (!name.isEmpty() && !name.startsWith("java.") && !prefixes.contains(name + ".")) {
            prefixes.add(name + ".");
        }
    }

    /** Tells whether this JVM has serialised and read back objects of all these classes. */
    boolean hasWritten(Collection<Class<?>> classes) {
        return classes.stream().allMatch(type -> written.contains(element(type).getName()));
    }

    /** These classes may be read in this JVM from now on. */
    void noteWritten(Collection<Class<?>> classes) {
        classes.forEach(type -> written.add(element(type).getName()));
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
                || written.contains(name)
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
