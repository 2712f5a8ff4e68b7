package dev.lockstep.jcache.marshalling;

import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import javax.cache.CacheException;

/** Chooses a CacheManager's marshaller by its properties. Stateless. */
public final class Marshallers {

    /** Class name of a {@link Marshaller} with a public constructor without parameters. */
    public static final String MARSHALLER = "lockstep.marshaller";
    /** Class names, and packages as {@code com.example.*}, separated by commas, that may be deserialised. */
    public static final String ALLOWED = "lockstep.serialization.allowed";

    private Marshallers() {}

    /**
     * Returns the marshaller that the properties name, else the standard one.
     *
     * @param cache whose keys and values it marshals
     * @throws CacheException when the named one can't be made
     */
    public static Marshaller of(Properties properties, ClassLoader loader, String cache) {
        String name = properties.getProperty(MARSHALLER);
        return name == null ? new StandardMarshaller(cache, loader, ALLOWED, allowed(properties)) : named(name, loader);
    }

    private static List<String> allowed(Properties properties) {
        String patterns = properties.getProperty(ALLOWED, System.getProperty(ALLOWED, ""));
        return Stream.of(patterns.split(","))
                .map(String::strip)
                .filter(pattern -> !pattern.isEmpty())
                .toList();
    }

    private static Marshaller named(String name, ClassLoader loader) {
        try {
            return Class.forName(name, true, loader)
                    .asSubclass(Marshaller.class)
                    .getConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException | ClassCastException failure) {
            throw new CacheException(
                    "The property " + MARSHALLER + " names " + name + ", which can't be instantiated as a marshaller: "
                            + failure,
                    failure);
        }
    }
}
