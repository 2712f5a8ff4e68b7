package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import javax.cache.CacheException;

/**
 * Values kept by reference: the objects stay here, and the shards hold their numbers. Only for caches that live in this
 * JVM alone. References that no entry holds any more have to be {@linkplain #discard discarded}; what {@code clear}
 * drops is, with the cache. Thread-safe.
 */
public final class References implements Marshaller {

    private final Map<Long, Object> objects = new ConcurrentHashMap<>();
    private final AtomicLong numbers = new AtomicLong();

    @Override
    public Bytes write(Object object) {
        long number = numbers.incrementAndGet();
        objects.put(number, object);
        return Bytes.of(new WireWriter(8).i64(number).toByteArray());
    }

    @Override
    public Object read(Bytes bytes) {
        Object object = objects.get(number(bytes));
        if (object == null) {
            throw new CacheException("An entry that is stored by reference was changed while it was read");
        }
        return object;
    }

    @Override
    public void discard(Bytes bytes) {
        objects.remove(number(bytes));
    }

    private static long number(Bytes bytes) {
        return new WireReader(bytes.array()).i64();
    }

    /** Returns true, since all readers get the same object. */
    @Override
    public boolean isImmutable(Object object) {
        return true;
    }
}
