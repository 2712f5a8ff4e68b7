package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.fuzz.Allocation;
import dev.lockstep.protocol.wire.Bytes;
import java.io.Serializable;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.cache.CacheException;

/** A stored value: it is read, or refused with a CacheException, and no class is looked up that is not allowed. */
public final class MarshallerFuzz {

    private static final long FIXED_BYTES = 4 * 1024 * 1024;
    private static final int BYTES_A_BYTE = 512;
    private static final Set<String> JDK = Set.of(
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
    private static final Set<String> CLASSES = Set.of(
            Known.class.getName(),
            CanonicalForm.class.getName(),
            "java.io.File",
            "java.io.Serializable",
            "java.net.Inet4Address",
            "java.net.Inet6Address",
            "java.net.InetAddress",
            "java.net.InetSocketAddress",
            "java.net.SocketAddress",
            "java.net.URI",
            "sun.util.BuddhistCalendar",
            "sun.util.calendar.ZoneInfo");

    private MarshallerFuzz() {}

    /** Declared with the cache. */
    record Known(int number, Object content) implements Serializable {}

    /** Serializable, on the class path, and declared nowhere. */
    record Unknown(int number) implements Serializable {}

    /** Finds classes as an application's loader would, and records each that is not allowed. */
    private static final class Watching extends ClassLoader {

        Watching() {
            super(MarshallerFuzz.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            int dot = name.lastIndexOf('.');
            boolean allowed = CLASSES.contains(name)
                    || name.startsWith("java.sql.")
                    || (dot > 0 && JDK.contains(name.substring(0, dot)));
            if (!allowed) {
                throw new AssertionError("Class " + name + " was looked up, and is not allowed");
            }
            return super.loadClass(name, resolve);
        }
    }

    public static void fuzzerTestOneInput(byte[] input) {
        Marshaller marshaller = new StandardMarshaller(
                "fuzzed",
                new Watching(),
                Marshallers.ALLOWED,
                new SerialFilter(List.of(Known.class.getName()), ConcurrentHashMap.newKeySet()));
        try {
            Allocation.atMost(FIXED_BYTES + (long) BYTES_A_BYTE * input.length, () -> marshaller.read(Bytes.of(input)));
        } catch (CacheException refused) {
            if (refused.getMessage() == null) {
                throw new AssertionError("It is not said why", refused);
            }
        }
    }
}
