package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.wire.Bytes;
import java.util.function.Function;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * The value of an entry that exists, decoded when it is asked for, so that one that can't be decoded fails only its readers. Belongs to the
 * operation that has read the entry.
 */
final class ObservedEntry<V> {

    private final Bytes bytes;
    private final Function<Bytes, V> decoder;
    private @Nullable V value;

    ObservedEntry(Bytes bytes, Function<Bytes, V> decoder) {
        this.bytes = bytes;
        this.decoder = decoder;
    }

    /** @throws CacheException when it can't be read */
    V value() {
        V decoded = value == null ? decoder.apply(bytes) : value;
        value = decoded;
        return decoded;
    }

    /**
     * Returns the value that an entry had before it was changed.
     *
     * @throws CacheException when it can't be read, saying that the entry was changed
     */
    static <V> @Nullable V old(@Nullable ObservedEntry<V> seen) {
        try {
            return seen == null ? null : seen.value();
        } catch (CacheException unreadable) {
            throw new CacheException(
                    "The entry was changed, but the value it had can't be returned. " + unreadable.getMessage(),
                    unreadable);
        }
    }

    /** @param asBytes the expected value's bytes, by which it is compared if this one can't be read */
    boolean isEqualTo(V expected, Function<V, Bytes> asBytes) {
        V own;
        try {
            own = value();
        } catch (CacheException unreadable) {
            return asBytes.apply(expected).equals(bytes);
        }
        return own.equals(expected);
    }
}
