package dev.lockstep.jcache.marshalling;

import dev.lockstep.jcache.marshalling.ObjectReader.NotAllowedException;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.ShortForms;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One tag byte, then a short form for common immutable types, or Java serialization for the rest. Deserialisation is
 * bounded in depth, references and size, and limited to allowed classes (see {@link SerialFilter}); what could not be
 * read again is not written. Keys that are collections of the JDK's, or hold some, have one form for all that are equal
 * (see {@link CanonicalCollections}).
 */
public final class StandardMarshaller implements Marshaller {

    private static final Logger LOG = LoggerFactory.getLogger(StandardMarshaller.class);

    private static final int NULL = 'N';
    private static final int SERIALIZED = 'O';
    private static final Bytes NULL_ELEMENT = Bytes.of(new byte[] {NULL});

    /** Collections within collections, in a key. */
    private static final int MAX_NESTING = 20;

    private static final String TOO_NESTED =
            "collections in a key are nested more than " + MAX_NESTING + " levels deep";
    /** Beyond that, objects could be nested deeper than may be read; what remains is for the superclasses of the last. */
    private static final int SURELY_READABLE_OBJECTS = StreamBounds.MAX_DEPTH - 50;
    /** Keys of a class of which a copy is written to see whether it has the same bytes. */
    private static final int COMPARED_KEYS = 8;

    private final String cache;
    private final ClassLoader loader;
    private final String setting;
    private final SerialFilter filter;
    private final Collection<Class<?>> declared = new CopyOnWriteArrayList<>();
    private final Map<String, Integer> comparedKeys = new ConcurrentHashMap<>();
    private final AtomicBoolean toldOfRefusal = new AtomicBoolean();
    private final AtomicBoolean toldOfUnequalKeys = new AtomicBoolean();

    /**
     * @param cache for messages
     * @param loader that the classes of what is read are looked up in
     * @param setting which names what is {@code allowed}, for messages
     * @param allowed class names, and packages as {@code com.example.*}, that may be deserialised beside the JDK's values
     *     and what this JVM has itself serialised
     */
    public StandardMarshaller(String cache, ClassLoader loader, String setting, List<String> allowed) {
        this(cache, loader, setting, new SerialFilter(allowed));
    }

    StandardMarshaller(String cache, ClassLoader loader, String setting, SerialFilter filter) {
        this.cache = cache;
        this.loader = loader;
        this.setting = setting;
        this.filter = filter;
    }

    @Override
    public void allow(Class<?> type) {
        filter.allowWithPackage(type);
        declared.add(type);
    }

    @Override
    public Bytes write(Object object) {
        if (object instanceof String text) {
            return text(text);
        }
        WireWriter out = new WireWriter(32);
        return ShortForms.write(out, object) ? Bytes.of(out.toByteArray()) : serialized(object, false, 0);
    }

    @Override
    public Bytes writeKey(Object key) {
        if (key instanceof String text) {
            return text(text);
        }
        WireWriter out = new WireWriter(32);
        if (ShortForms.write(out, key)) {
            return Bytes.of(out.toByteArray());
        }
        try {
            return key(key, 0);
        } catch (StackOverflowError tooDeep) {
            throw notStored(key, StreamBounds.tooDeep(), tooDeep);
        }
    }

    /** The short form of text, in an array that needs no second copy if the text is as short as keys are. */
    private static Bytes text(String text) {
        Bytes utf8 = Bytes.utf8(text);
        int size = utf8.size();
        if (size > 0x7F) {
            return Bytes.of(new WireWriter(size + 16).u8('S').bytes(utf8).toByteArray());
        }
        byte[] array = new byte[size + 2];
        array[0] = 'S';
        array[1] = (byte) size;
        System.arraycopy(utf8.array(), 0, array, 2, size);
        return Bytes.of(array);
    }

    /** @param nesting how many collections it is inside of */
    private Bytes key(Object key, int nesting) {
        return CanonicalCollections.contains(key, declared.stream())
                ? collection(key, nesting)
                : serialized(key, true, nesting);
    }

    private Bytes collection(Object collection, int nesting) {
        if (nesting >= MAX_NESTING) {
            throw notStored(collection, TOO_NESTED, null);
        }
        WireWriter out = new WireWriter(64);
        CanonicalCollections.write(out, collection, element -> {
            if (element == null) {
                return NULL_ELEMENT;
            }
            WireWriter own = new WireWriter(32);
            return ShortForms.write(own, element) ? Bytes.of(own.toByteArray()) : key(element, nesting + 1);
        });
        return Bytes.of(out.toByteArray());
    }

    private Bytes serialized(Object object, boolean isKey, int nesting) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        bytes.write(SERIALIZED);
        Set<Class<?>> classes;
        int objects;
        try (ObjectWriter out = new ObjectWriter(
                bytes, isKey ? part -> collection(part, nesting + 1).array() : null, declared)) {
            out.writeObject(object);
            classes = out.classes();
            objects = out.objects();
        } catch (StackOverflowError tooDeep) {
            throw notStored(object, StreamBounds.tooDeep(), tooDeep);
        } catch (CacheException known) {
            throw known;
        } catch (IOException | RuntimeException | LinkageError refused) {
            throw notStored(object, refused + ". Make it, and all it holds, java.io.Serializable", refused);
        }
        Bytes written = Bytes.of(bytes.toByteArray());
        if (objects > SURELY_READABLE_OBJECTS
                || written.size() > StreamBounds.MAX_REFERENCES
                || !filter.hasWritten(classes)) {
            readBack(object, written, classes);
        }
        if (isKey) {
            compareWithCopy(object, written, nesting);
        }
        return written;
    }

    /** Refuses what {@link #read} would refuse. */
    private void readBack(Object object, Bytes written, Set<Class<?>> classes) {
        Set<String> own = new HashSet<>();
        classes.forEach(type -> own.add(type.getName()));
        try {
            deserialized(written.array(), name -> own.contains(name) || filter.isAllowed(name), 0);
        } catch (UnreadableException unreadable) {
            throw notStored(object, "it could not be read again: " + unreadable.getMessage(), unreadable.getCause());
        }
        filter.noteWritten(classes);
    }

    /** Warns of keys that are equal and can have different bytes. */
    private void compareWithCopy(Object key, Bytes written, int nesting) {
        String name = key.getClass().getName();
        if (toldOfUnequalKeys.get()
                || comparedKeys.getOrDefault(name, 0) >= COMPARED_KEYS
                || comparedKeys.merge(name, 1, Integer::sum) > COMPARED_KEYS) {
            return;
        }
        Object copy = read(written);
        if (!serialized(copy, true, nesting).equals(written) && toldOfUnequalKeys.compareAndSet(false, true)) {
            LOG.warn(
                    "Cache {}: a key of {} has other bytes than a copy of it. Entries are found by the bytes of their keys, so one that"
                            + " was stored under such a key may not be found by an equal one. Let the class hold only what its equals"
                            + " compares, in fields whose order does not depend on how it came about, or use a String as the key",
                    cache,
                    name);
        }
    }

    private CacheException notStored(Object object, String reason, @Nullable Throwable cause) {
        return new CacheException(
                "Cache " + cache + ": an object of " + object.getClass().getName() + " can't be stored: " + reason,
                cause);
    }

    @Override
    public Object read(Bytes bytes) {
        try {
            Object object = read(bytes, 0);
            if (object == null) {
                throw new UnreadableException("it is null", null);
            }
            return object;
        } catch (UnreadableException unreadable) {
            throw new CacheException(
                    "Cache " + cache + ": a stored object can't be read: " + unreadable.getMessage(),
                    unreadable.getCause());
        }
    }

    private @Nullable Object read(Bytes bytes, int nesting) {
        if (nesting > MAX_NESTING) {
            throw new UnreadableException(TOO_NESTED, null);
        }
        byte[] array = bytes.array();
        if (array.length > 0 && array[0] == SERIALIZED) {
            return deserialized(array, filter::isAllowed, nesting);
        }
        try {
            WireReader in = new WireReader(array);
            Object object = value(in, nesting);
            in.end();
            return object;
        } catch (MalformedFrameException | DateTimeException | ArithmeticException malformed) {
            throw new UnreadableException(String.valueOf(malformed.getMessage()), malformed);
        }
    }

    private @Nullable Object value(WireReader in, int nesting) {
        int tag = in.u8();
        if (ShortForms.isTag(tag)) {
            return ShortForms.read(tag, in);
        }
        return switch (tag) {
            case NULL -> null;
            case CanonicalCollections.LIST, CanonicalCollections.SET, CanonicalCollections.MAP ->
                CanonicalCollections.read(tag, in, element -> read(element, nesting + 1));
            default ->
                throw new UnreadableException(
                        "it has the unknown tag " + tag
                                + "; was it written by a younger version, or with another marshaller?",
                        null);
        };
    }

    private @Nullable Object deserialized(byte[] array, Predicate<String> allowed, int nesting) {
        byte[] body = Arrays.copyOfRange(array, 1, array.length);
        StreamBounds bounds = new StreamBounds(body.length);
        try (ObjectReader in = new ObjectReader(body, loader, allowed, bounds, form -> read(form, nesting + 1))) {
            return in.readObject();
        } catch (UnreadableException known) {
            throw known;
        } catch (NotAllowedException refused) {
            throw new UnreadableException(refused(refused.element()), refused);
        } catch (IOException
                | ClassNotFoundException
                | RuntimeException
                | LinkageError
                | InternalError
                | StackOverflowError failure) {
            // The code of the classes that are read runs here and fails in its own ways: Map.of's with an
            // InternalError.
            String exceeded = failure instanceof StackOverflowError ? StreamBounds.tooDeep() : bounds.exceeded();
            throw new UnreadableException(exceeded == null ? failure.toString() : exceeded, failure);
        }
    }

    /** Logs it too, once: many readers of caches take what they can't read for absent, and keep it to themselves. */
    private String refused(String className) {
        int dot = className.lastIndexOf('.');
        String reason = "its class " + className + " is not allowed. If it can be trusted, set " + setting + "="
                + className + (dot < 0 ? "" : ", or " + className.substring(0, dot) + ".* for its package")
                + " (several are separated by commas)";
        if (toldOfRefusal.compareAndSet(false, true)) {
            LOG.warn("Cache {}: a stored object can't be read: {}", cache, reason);
        }
        return reason;
    }

    @Override
    public boolean isImmutable(Object object) {
        return object instanceof String
                || (object instanceof Number && object.getClass().getName().startsWith("java.lang."))
                || object instanceof Boolean
                || object instanceof UUID
                || object instanceof Instant;
    }

    /** A stored object can't be read, for the reason in the message. */
    private static final class UnreadableException extends RuntimeException {

        private static final long serialVersionUID = 1;

        UnreadableException(String reason, @Nullable Throwable cause) {
            super(reason, cause);
        }
    }
}
