package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;

/** Turns keys and values into bytes and back. Thread-safe. */
public interface Marshaller {

    /**
     * The bytes of an object.
     *
     * @throws javax.cache.CacheException when the object can't be marshalled, or could not be read again, naming its class
     */
    Bytes write(Object object);

    /**
     * The bytes of a key; equal keys must have equal bytes. What is read from them need only be equal to the key.
     *
     * @throws javax.cache.CacheException as {@link #write} does
     */
    default Bytes writeKey(Object key) {
        return write(key);
    }

    /** @throws javax.cache.CacheException when the bytes can't be turned into an object */
    Object read(Bytes bytes);

    /** Whether objects of this class never change, so that one may be shared by all who read it. */
    boolean isImmutable(Object object);

    /** What was written did not become an entry's value, or no longer is. */
    default void discard(Bytes bytes) {}

    /** A type that the cache was declared with, and that may therefore be read. */
    default void allow(Class<?> type) {}
}
