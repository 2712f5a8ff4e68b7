package dev.lockstep.protocol.wire;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Writes the primitives of the encoding into a growing array. Not thread-safe. The mirror of {@link WireReader}. */
public final class WireWriter {

    private static final int MAX_VARINT_BYTES = 10;

    private final int maxSize;
    private byte[] array;
    private int size;

    public WireWriter(int capacity) {
        this(capacity, Integer.MAX_VALUE - 8);
    }

    /** @param maxSize past which writing fails with {@link FrameTooLargeException}, before anything is allocated for it */
    public WireWriter(int capacity, int maxSize) {
        this.maxSize = maxSize;
        this.array = new byte[Math.max(16, capacity)];
    }

    public int size() {
        return size;
    }

    /** Returns the bytes written, in an array of its own. */
    public byte[] toByteArray() {
        return size == array.length ? array : Arrays.copyOf(array, size);
    }

    public WireWriter u8(int value) {
        ensure(1);
        array[size++] = (byte) value;
        return this;
    }

    public WireWriter bool(boolean value) {
        return u8(value ? 1 : 0);
    }

    /** Four bytes, big-endian. */
    public WireWriter i32(int value) {
        ensure(4);
        for (int shift = 24; shift >= 0; shift -= 8) {
            array[size++] = (byte) (value >>> shift);
        }
        return this;
    }

    /** Overwrites four bytes written before. */
    public void i32At(int index, int value) {
        for (int i = 0; i < 4; i++) {
            array[index + i] = (byte) (value >>> (24 - 8 * i));
        }
    }

    /** Eight bytes, big-endian. */
    public WireWriter i64(long value) {
        i32((int) (value >>> 32));
        return i32((int) value);
    }

    /** Seven bits a byte, lowest first: 1 to 10 bytes. Short for small numbers that are not negative. */
    public WireWriter varint(long value) {
        ensure(MAX_VARINT_BYTES);
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            array[size++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        array[size++] = (byte) rest;
        return this;
    }

    /** Zigzag, then {@link #varint}: short for small numbers of either sign. */
    public WireWriter signed(long value) {
        return varint((value << 1) ^ (value >> 63));
    }

    public WireWriter bytes(Bytes bytes) {
        return varint(bytes.size()).raw(bytes.array());
    }

    /** Bytes as they are, without their number. */
    WireWriter raw(byte[] bytes) {
        ensure(bytes.length);
        System.arraycopy(bytes, 0, array, size, bytes.length);
        size += bytes.length;
        return this;
    }

    public WireWriter string(String text) {
        return bytes(Bytes.of(Text.bytes(text)));
    }

    public <T> WireWriter optional(@Nullable T value, BiConsumer<WireWriter, T> element) {
        bool(value != null);
        if (value != null) {
            element.accept(this, value);
        }
        return this;
    }

    public <T> WireWriter list(Collection<T> values, BiConsumer<WireWriter, T> element) {
        varint(values.size());
        for (T value : values) {
            element.accept(this, value);
        }
        return this;
    }

    private void ensure(int more) {
        if (more > maxSize - size) {
            throw new FrameTooLargeException(maxSize);
        }
        if (array.length - size < more) {
            long doubled = Math.min(array.length * 2L, maxSize);
            array = Arrays.copyOf(array, (int) Math.max(doubled, size + more));
        }
    }
}
