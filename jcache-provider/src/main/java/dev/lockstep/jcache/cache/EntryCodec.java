package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.wire.Bytes;

/**
 * Converts the keys and values of a cache to bytes and back. Thread-safe.
 *
 * @param keys marshals keys
 * @param values marshals values; another marshaller than that of keys if values are stored by reference
 */
record EntryCodec<K, V>(Marshaller keys, Marshaller values) {

    Bytes keyBytes(K key) {
        return keys.writeKey(key);
    }

    @SuppressWarnings("unchecked")
    K key(Bytes bytes) {
        return (K) keys.read(bytes);
    }

    Bytes valueBytes(V value) {
        return values.write(value);
    }

    @SuppressWarnings("unchecked")
    V value(Bytes bytes) {
        return (V) values.read(bytes);
    }

    /** Returns the value of an entry of a replica in this JVM. One of an immutable type is decoded once for all who read it there. */
    @SuppressWarnings("unchecked")
    V value(LocalEntry local) {
        Object shared = local.decoded();
        if (shared == null) {
            shared = value(local.value());
            if (values.isImmutable(shared)) {
                local.decoded(shared);
            }
        }
        return (V) shared;
    }

    /** Returns whether equal values certainly have equal bytes. */
    boolean isComparedByBytes(V value) {
        return keys.isImmutable(value);
    }

    /** Releases the object that the bytes of a value refer to: they did not become an entry's value. */
    void discard(Bytes value) {
        values.discard(value);
    }
}
