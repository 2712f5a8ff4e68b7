package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidClassException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;
import javax.cache.CacheException;

/**
 * One tag byte, then a short form for common immutable types, or Java serialization for the rest. What is deserialised is
 * bounded in depth, references and size, and never of the packages whose classes are known to run code when they are read.
 */
public final class StandardMarshaller implements Marshaller {

    private static final ObjectInputFilter FILTER = ObjectInputFilter.Config.createFilter(
            "maxdepth=64;maxrefs=1000000;maxarray=16777216;maxbytes=16777216;"
                    + "!org.apache.commons.collections.functors.*;!org.apache.commons.collections4.functors.*;"
                    + "!org.apache.xalan.**;!com.sun.org.apache.xalan.**;!org.codehaus.groovy.runtime.**;"
                    + "!org.springframework.beans.factory.**;!com.mchange.**;!javax.management.**;!java.rmi.**;!sun.rmi.**;*");

    private final ClassLoader loader;

    /** @param loader that the classes of what is read are looked up in */
    public StandardMarshaller(ClassLoader loader) {
        this.loader = loader;
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

    private static Bytes serialize(Object object) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        bytes.write('O');
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
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
        WireReader in = new WireReader(bytes.array());
        int tag = in.u8();
        return switch (tag) {
            case 'S' -> in.string();
            case 'I' -> (int) in.signed();
            case 'L' -> in.signed();
            case 'Z' -> in.bool();
            case 'D' -> Double.longBitsToDouble(in.i64());
            case 'U' -> new UUID(in.i64(), in.i64());
            case 'T' -> Instant.ofEpochSecond(in.signed(), in.varint());
            case 'B' -> in.bytes().array();
            case 'O' -> deserialize(bytes.array());
            default ->
                throw new CacheException("A stored object has the unknown tag " + tag
                        + "; was it written by a younger version, or with another marshaller?");
        };
    }

    private Object deserialize(byte[] array) {
        byte[] body = Arrays.copyOfRange(array, 1, array.length);
        try (ObjectInputStream in = new LoadingStream(new ByteArrayInputStream(body), loader)) {
            in.setObjectInputFilter(FILTER);
            return in.readObject();
        } catch (InvalidClassException rejected) {
            throw new CacheException("A stored object may not be read: " + rejected.getMessage(), rejected);
        } catch (IOException | ClassNotFoundException failure) {
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

    /** Finds classes in the CacheManager's class loader. */
    private static final class LoadingStream extends ObjectInputStream {

        private final ClassLoader loader;

        LoadingStream(InputStream in, ClassLoader loader) throws IOException {
            super(in);
            this.loader = loader;
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            try {
                return Class.forName(description.getName(), false, loader);
            } catch (ClassNotFoundException elsewhere) {
                return super.resolveClass(description);
            }
        }
    }
}
