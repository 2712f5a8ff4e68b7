package dev.lockstep.protocol.wire;

import com.dynatrace.hash4j.hashing.Hashing;
import java.util.Arrays;

/**
 * Immutable bytes with value equality: a marshalled key or value. The array given is not copied and must never change
 * afterwards. Ordered by {@link #hash64} first, so that an order over keys is an order over slots too. Thread-safe.
 */
public final class Bytes implements Comparable<Bytes> {

    public static final Bytes EMPTY = new Bytes(new byte[0]);

    private static final int MAX_SHORTENED = 48;

    private final byte[] array;
    /** Zero until computed; racing computations agree. */
    private long hash64;

    private Bytes(byte[] array) {
        this.array = array;
    }

    /** Wraps {@code array} without a copy. */
    public static Bytes of(byte[] array) {
        return new Bytes(array);
    }

    public static Bytes utf8(String text) {
        return new Bytes(Text.bytes(text));
    }

    /** The wrapped array itself: read it, never write it. */
    public byte[] array() {
        return array;
    }

    public int size() {
        return array.length;
    }

    /** XXH3, 64 bits, seed 0: part of the protocol, since it decides the slot. */
    public long hash64() {
        long hash = hash64;
        if (hash == 0) {
            hash = Hashing.xxh3_64().hashBytesToLong(array);
            hash64 = hash;
        }
        return hash;
    }

    @Override
    public int compareTo(Bytes other) {
        int byHash = Long.compareUnsigned(hash64(), other.hash64());
        return byHash != 0 ? byHash : Arrays.compareUnsigned(array, other.array);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes bytes && Arrays.equals(array, bytes.array);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(hash64());
    }

    /** The size alone: contents may be secret, or large. */
    @Override
    public String toString() {
        return "Bytes[" + array.length + "]";
    }

    /** Returns the beginning for messages: bytes that are printable text as they are, the others as dots. */
    public String shortened() {
        StringBuilder text = new StringBuilder();
        for (byte one : array) {
            if (text.length() == MAX_SHORTENED) {
                return text.append('…').toString();
            }
            boolean readable = one >= ' ' && one <= '~' && one != '"';
            if (readable || text.length() > 0) {
                text.append(readable ? (char) one : '.');
            }
        }
        return text.toString();
    }
}
