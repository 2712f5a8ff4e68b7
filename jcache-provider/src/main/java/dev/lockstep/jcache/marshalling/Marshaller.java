package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;

/** Turns keys and values into bytes and back. Thread-safe. */
public interface Marshaller {

    /**
     * Returns the bytes of an object.
     *
     * @throws javax.cache.CacheException when the object can't be marshalled, or could not be read again, naming its class
     */
    Bytes write(Object object);

    /**
     * Returns the bytes of a key; equal keys must have equal bytes. An object read from them need only be equal to the key.
     *
     * @throws javax.cache.CacheException as {@link #write} does
     */
    default Bytes writeKey(Object key) {
        return write(key);
    }

    /** @throws javax.cache.CacheException when the bytes can't be turned into an object */
    Object read(Bytes bytes);

    /** Returns whether objects of this class never change, so that one may be shared by all readers. */
    boolean isImmutable(Object object);

    /** Releases what was written: it did not become an entry's value, or no longer is one. */
    default void discard(Bytes bytes) {}

    /** Allows a type to be read that the cache was declared with. */
    default void allow(Class<?> type) {}
}
