package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InvalidClassException;
import java.io.ObjectInputStream;
import java.io.ObjectStreamClass;
import java.util.function.Function;
import java.util.function.Predicate;

/** Reads back one object that was serialised, of allowed classes, and makes no dynamic proxies. Used by one thread. */
final class ObjectReader extends ObjectInputStream {

    private final ClassLoader loader;
    private final Predicate<String> allowed;
    private final Function<Bytes, Object> collections;

    /**
     * @param loader that classes are looked up in
     * @param allowed whether a class of this name may be read
     * @param collections reads a collection inside a key
     */
    ObjectReader(
            byte[] body,
            ClassLoader loader,
            Predicate<String> allowed,
            StreamBounds bounds,
            Function<Bytes, Object> collections)
            throws IOException {
        super(new ByteArrayInputStream(body));
        this.loader = loader;
        this.allowed = allowed;
        this.collections = collections;
        setObjectInputFilter(bounds);
        enableResolveObject(true);
    }

    /** Judges a class by its name, before it is loaded. */
    @Override
    protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
        if (!allowed.test(description.getName())) {
            throw new NotAllowedException(description.getName());
        }
        try {
            return Class.forName(description.getName(), false, loader);
        } catch (ClassNotFoundException elsewhere) {
            return super.resolveClass(description);
        }
    }

    @Override
    protected Class<?> resolveProxyClass(String[] interfaces) throws IOException {
        throw new InvalidClassException(String.join(", ", interfaces), "dynamic proxies are never read");
    }

    @Override
    protected Object resolveObject(Object object) {
        return object instanceof CanonicalForm form ? collections.apply(Bytes.of(form.bytes())) : object;
    }

    /** An object's class is not among those that may be read. */
    static final class NotAllowedException extends InvalidClassException {

        private static final long serialVersionUID = 1;

        NotAllowedException(String className) {
            super(className, "it is not among the classes that may be read");
        }

        /** The class that has to be allowed, for an array that of its elements. */
        String element() {
            String element = classname.substring(classname.lastIndexOf('[') + 1);
            return element.equals(classname) || !element.endsWith(";")
                    ? element
                    : element.substring(1, element.length() - 1);
        }
    }
}
