package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidClassException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.ObjectStreamField;
import java.io.OutputStream;
import java.net.URI;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Serialises one object, and notes the classes it is made of. Equal strings and numbers are written once, whether they are one
 * object or several; in a key so are other values, and the JDK's collections have one form for all that are equal. Used by one
 * thread.
 */
final class ObjectWriter extends ObjectOutputStream {

    private static final Set<String> VALUES = Set.of("java.lang", "java.math");
    private static final Set<Class<?>> KEY_VALUES = Set.of(Date.class, Locale.class, URI.class);
    /** The stand-in of every value of its package. */
    private static final String TIME = "Ser";
    /** The stand-ins of List.of, Set.of, Map.of and EnumSet that {@link #replaceObject} receives. */
    private static final Set<String> STAND_INS = Set.of("java.util.CollSer", "java.util.EnumSet$SerializationProxy");

    private final @Nullable Function<Object, byte[]> collections;
    private final Collection<Class<?>> declared;
    private final Map<Object, Object> written = new HashMap<>();
    private final Set<Class<?>> classes = new LinkedHashSet<>();
    private int objects;

    /**
     * @param collections gives a collection inside a key its form; null when no key is written
     * @param declared the types that keys were declared to be of
     */
    ObjectWriter(OutputStream out, @Nullable Function<Object, byte[]> collections, Collection<Class<?>> declared)
            throws IOException {
        super(out);
        this.declared = declared;
        this.collections = collections;
        enableReplaceObject(true);
    }

    /** Returns the number of distinct objects written, an upper bound of their depth. */
    int objects() {
        return objects;
    }

    Set<Class<?>> classes() {
        return classes;
    }

    @Override
    protected Object replaceObject(Object object) throws IOException {
        objects++;
        if (isValue(object)) {
            return once(object, object);
        }
        return collections == null ? object : partOfKey(object, collections);
    }

    private static boolean isValue(Object object) {
        return object instanceof Comparable
                && (object instanceof UUID || VALUES.contains(object.getClass().getPackageName()));
    }

    private Object once(Object identity, Object object) {
        Object before = written.putIfAbsent(identity, object);
        return before == null ? object : before;
    }

    private Object partOfKey(Object object, Function<Object, byte[]> forms) throws IOException {
        Class<?> type = object.getClass();
        if (object instanceof Record || KEY_VALUES.contains(type)) {
            return once(object, object);
        } else if (object instanceof BitSet bits) {
            // Without the room it was made with.
            return once(bits, BitSet.valueOf(bits.toLongArray()));
        } else if (type.getPackageName().startsWith("java.time")
                && type.getSimpleName().equals(TIME)) {
            return once(Bytes.of(plain(object)), object);
        }
        Object collection = STAND_INS.contains(type.getName()) ? copied(object) : object;
        if (!CanonicalCollections.contains(collection, holders())) {
            return object;
        }
        byte[] form = forms.apply(collection);
        return once(Bytes.of(form), new CanonicalForm(form));
    }

    /** The types of the fields and arrays that a collection may be in. */
    private Stream<Class<?>> holders() {
        return Stream.concat(declared.stream(), classes.stream().flatMap(ObjectWriter::heldTypes));
    }

    private static Stream<Class<?>> heldTypes(Class<?> type) {
        return type.isArray()
                ? Stream.of(type.getComponentType())
                : Arrays.stream(ObjectStreamClass.lookupAny(type).getFields()).map(ObjectStreamField::getType);
    }

    private static byte[] plain(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    /** Returns a copy, of the same classes, of the object that a stand-in replaced. */
    private static Object copied(Object standIn) throws IOException {
        Map<String, Class<?>> types = new HashMap<>();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (ObjectOutputStream out = new ObjectOutputStream(bytes) {
            @Override
            protected void annotateClass(Class<?> type) {
                types.put(type.getName(), type);
            }
        }) {
            out.writeObject(standIn);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass description) {
                return Objects.requireNonNull(types.get(description.getName()));
            }
        }) {
            return in.readObject();
        } catch (ClassNotFoundException impossible) {
            throw new IOException(impossible);
        }
    }

    @Override
    protected void annotateClass(Class<?> type) {
        classes.add(type);
    }

    @Override
    protected void annotateProxyClass(Class<?> type) throws IOException {
        throw new InvalidClassException("it holds a dynamic proxy of "
                + Arrays.stream(type.getInterfaces()).map(Class::getName).toList() + ", and those are never read");
    }
}
