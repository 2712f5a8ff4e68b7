package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.fuzz.Allocation;
import dev.lockstep.protocol.wire.Bytes;
import java.io.Serializable;
import java.util.List;
import java.util.Set;
import javax.cache.CacheException;

/** A stored value: it is read, or refused with a CacheException, and no class is looked up that nobody allowed. */
public final class MarshallerFuzz {

    private static final long FIXED_BYTES = 4 * 1024 * 1024;
    private static final int BYTES_A_BYTE = 512;
    private static final Set<String> JDK = Set.of(
            "java.lang",
            "java.math",
            "java.time",
            "java.time.chrono",
            "java.time.zone",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "java.util.regex");

    private MarshallerFuzz() {}

    /** Declared with the cache. */
    record Known(int number, Object content) implements Serializable {}

    /** Serializable, on the class path, and declared nowhere. */
    record Unknown(int number) implements Serializable {}

    /** Finds classes as an application's loader would, and tells of each that nobody allowed. */
    private static final class Watching extends ClassLoader {

        Watching() {
            super(MarshallerFuzz.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            int dot = name.lastIndexOf('.');
            boolean allowed = name.equals(Known.class.getName())
                    || name.equals("java.net.URI")
                    || name.startsWith("java.sql.")
                    || (dot > 0 && JDK.contains(name.substring(0, dot)));
            if (!allowed) {
                throw new AssertionError("Class " + name + " was looked up, and nobody allowed it");
            }
            return super.loadClass(name, resolve);
        }
    }

    public static void fuzzerTestOneInput(byte[] input) {
        Marshaller marshaller = new StandardMarshaller(new Watching(), List.of(Known.class.getName()));
        try {
            Allocation.atMost(FIXED_BYTES + (long) BYTES_A_BYTE * input.length, () -> marshaller.read(Bytes.of(input)));
        } catch (CacheException refused) {
            if (refused.getMessage() == null) {
                throw new AssertionError("It is not said why", refused);
            }
        }
    }
}
