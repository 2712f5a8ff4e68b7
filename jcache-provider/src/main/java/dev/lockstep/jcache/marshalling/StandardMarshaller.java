package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidClassException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.cache.CacheException;

/**
 * One tag byte, then a short form for common immutable types, or Java serialization for the rest. What is deserialised is
 * bounded in depth, references and size, and of allowed classes only (see {@link SerialFilter}).
 */
public final class StandardMarshaller implements Marshaller {

    private final ClassLoader loader;
    private final SerialFilter filter;

    /**
     * @param loader that the classes of what is read are looked up in
     * @param allowed class names, and packages as {@code com.example.*}, that may be deserialised beside the JDK's values
     *     and whatever this marshaller has itself serialised
     */
    public StandardMarshaller(ClassLoader loader, List<String> allowed) {
        this.loader = loader;
        this.filter = new SerialFilter(allowed);
    }

    @Override
    public void allow(Class<?> type) {
        filter.allowWithPackage(type);
    }

    @Override
    public Bytes write(Object object) {
        WireWriter out = new WireWriter(32);
        if (object instanceof String text) {
            out.u8('S').string(text);
        } else if (object instanceof Integer number) {
            out.u8('I').signed(number);
        } else if (object instanceof Long number) {
            out.u8('L').signed(number);
        } else if (object instanceof Boolean flag) {
            out.u8('Z').bool(flag);
        } else if (object instanceof Double number) {
            out.u8('D').i64(Double.doubleToLongBits(number));
        } else if (object instanceof UUID uuid) {
            out.u8('U').i64(uuid.getMostSignificantBits()).i64(uuid.getLeastSignificantBits());
        } else if (object instanceof Instant instant) {
            out.u8('T').signed(instant.getEpochSecond()).varint(instant.getNano());
        } else if (object instanceof byte[] array) {
            out.u8('B').bytes(Bytes.of(array));
        } else {
            return serialize(object);
        }
        return Bytes.of(out.toByteArray());
    }

    private Bytes serialize(Object object) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        bytes.write('O');
        try (ObjectOutputStream out = new NotingStream(bytes, filter)) {
            out.writeObject(object);
        } catch (IOException refused) {
            throw new CacheException(
                    "An object of " + object.getClass().getName() + " can't be stored: " + refused
                            + ". Make it, and all it holds, java.io.Serializable",
                    refused);
        }
        return Bytes.of(bytes.toByteArray());
    }

    @Override
    public Object read(Bytes bytes) {
        byte[] array = bytes.array();
        if (array.length > 0 && array[0] == 'O') {
            return deserialize(array);
        }
        try {
            WireReader in = new WireReader(array);
            Object object = value(in);
            in.end();
            return object;
        } catch (MalformedFrameException | DateTimeException | ArithmeticException malformed) {
            throw new CacheException("A stored object can't be read: " + malformed.getMessage(), malformed);
        }
    }

    private static Object value(WireReader in) {
        int tag = in.u8();
        return switch (tag) {
            case 'S' -> in.string();
            case 'I' -> Math.toIntExact(in.signed());
            case 'L' -> in.signed();
            case 'Z' -> in.bool();
            case 'D' -> Double.longBitsToDouble(in.i64());
            case 'U' -> new UUID(in.i64(), in.i64());
            case 'T' -> Instant.ofEpochSecond(in.signed(), in.varint());
            case 'B' -> in.bytes().array();
            default ->
                throw new CacheException("A stored object has the unknown tag " + tag
                        + "; was it written by a younger version, or with another marshaller?");
        };
    }

    private Object deserialize(byte[] array) {
        byte[] body = Arrays.copyOfRange(array, 1, array.length);
        try (ObjectInputStream in = new LoadingStream(body, loader, filter)) {
            return in.readObject();
        } catch (InvalidClassException rejected) {
            throw new CacheException(
                    "A stored object may not be read: " + rejected.getMessage()
                            + ". If its class can be trusted, name it in the CacheManager's property "
                            + Marshallers.ALLOWED,
                    rejected);
        } catch (IOException
                | ClassNotFoundException
                | RuntimeException
                | LinkageError
                | InternalError
                | StackOverflowError failure) {
            // The code of the classes that are read runs here and fails in its own ways: Map.of's with an
            // InternalError.
            throw new CacheException("A stored object can't be read: " + failure, failure);
        }
    }

    @Override
    public boolean isImmutable(Object object) {
        return object instanceof String
                || (object instanceof Number && object.getClass().getName().startsWith("java.lang."))
                || object instanceof Boolean
                || object instanceof UUID
                || object instanceof Instant;
    }

    /**
     * Notes the classes that it writes: what this JVM has stored it may read again. Writes equal strings and numbers once,
     * whether they are one object or several: keys that are equal would have different bytes otherwise.
     */
    private static final class NotingStream extends ObjectOutputStream {

        private static final Set<String> VALUES = Set.of("java.lang", "java.math");

        private final SerialFilter filter;
        private final Map<Object, Object> written = new HashMap<>();

        NotingStream(OutputStream out, SerialFilter filter) throws IOException {
            super(out);
            this.filter = filter;
            enableReplaceObject(true);
        }

        @Override
        protected Object replaceObject(Object object) {
            boolean value = object instanceof Comparable
                    && (object instanceof UUID
                            || VALUES.contains(object.getClass().getPackageName()));
            Object before = value ? written.putIfAbsent(object, object) : null;
            return before == null ? object : before;
        }

        @Override
        protected void annotateClass(Class<?> type) {
            filter.allow(type);
        }
    }

    /** Finds classes in the CacheManager's class loader, and makes no dynamic proxies. */
    private static final class LoadingStream extends ObjectInputStream {

        private final ClassLoader loader;
        private final SerialFilter filter;

        LoadingStream(byte[] body, ClassLoader loader, SerialFilter filter) throws IOException {
            super(new ByteArrayInputStream(body));
            this.loader = loader;
            this.filter = filter;
            setObjectInputFilter(filter.forStream(body.length));
        }

        /** The filter would refuse the class too, but without naming it, and after it was loaded. */
        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            if (!filter.isAllowed(description.getName())) {
                throw new InvalidClassException(description.getName(), "it is not among the classes allowed");
            }
            try {
                return Class.forName(description.getName(), false, loader);
            } catch (ClassNotFoundException elsewhere) {
                return super.resolveClass(description);
            }
        }

        @Override
        protected Class<?> resolveProxyClass(String[] interfaces) throws IOException {
            throw new InvalidClassException(String.join(", ", interfaces), "dynamic proxies are not read");
        }
    }
}
