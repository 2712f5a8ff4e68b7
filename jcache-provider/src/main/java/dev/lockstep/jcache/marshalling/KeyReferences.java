package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import javax.cache.CacheException;

/**
 * Keys of a cache that stores by reference: as bytes if they can be serialized; otherwise they stay here, one for all that are
 * equal, until the cache is closed. Thread-safe.
 */
public final class KeyReferences implements Marshaller {

    /** No tag of {@link StandardMarshaller}. */
    private static final int TAG = 'R';

    private final Marshaller serialized;
    private final Map<Object, Bytes> numbers = new ConcurrentHashMap<>();
    private final Map<Long, Object> objects = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong();

    public KeyReferences(Marshaller serialized) {
        this.serialized = serialized;
    }

    @Override
    public Bytes write(Object object) {
        return writeKey(object);
    }

    @Override
    public Bytes writeKey(Object object) {
        Bytes known = numbers.get(object);
        if (known != null) {
            return known;
        }
        try {
            return serialized.writeKey(object);
        } catch (CacheException notSerializable) {
            return numbers.computeIfAbsent(object, none -> {
                long number = last.incrementAndGet();
                objects.put(number, object);
                return Bytes.of(new WireWriter(9).u8(TAG).i64(number).toByteArray());
            });
        }
    }

    @Override
    public Object read(Bytes bytes) {
        WireReader in = new WireReader(bytes.array());
        return in.u8() == TAG
                ? Objects.requireNonNull(objects.get(in.i64()), "the key is not of this cache")
                : serialized.read(bytes);
    }

    @Override
    public boolean isImmutable(Object object) {
        return serialized.isImmutable(object);
    }
}
