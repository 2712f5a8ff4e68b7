package dev.lockstep.protocol.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the primitives of the encoding. Every read checks what is left before it allocates anything, so hostile bytes cost no
 * more memory than they have. Not thread-safe.
 */
public final class WireReader {

    private final byte[] array;
    private int index;

    public WireReader(byte[] array) {
        this.array = array;
    }

    public int remaining() {
        return array.length - index;
    }

    /** Requires that nothing is left. */
    public void end() {
        if (remaining() != 0) {
            throw new MalformedFrameException(remaining() + " bytes too many after the message");
        }
    }

    public int u8() {
        need(1);
        return array[index++] & 0xFF;
    }

    public boolean bool() {
        int value = u8();
        if (value > 1) {
            throw new MalformedFrameException("A boolean is 0 or 1, not " + value);
        }
        return value == 1;
    }

    public int i32() {
        need(4);
        int value = 0;
        for (int i = 0; i < 4; i++) {
            value = (value << 8) | (array[index++] & 0xFF);
        }
        return value;
    }

    public long i64() {
        long high = i32();
        return (high << 32) | (i32() & 0xFFFFFFFFL);
    }

    public long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            int next = u8();
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new MalformedFrameException("A variable-length integer has more than ten bytes");
    }

    /** A varint that must fit into an int and not be negative. */
    public int size() {
        long value = varint();
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new MalformedFrameException("A size or number is out of range: " + value);
        }
        return (int) value;
    }

    public long signed() {
        long value = varint();
        return (value >>> 1) ^ -(value & 1);
    }

    public Bytes bytes() {
        int length = size();
        need(length);
        byte[] copy = Arrays.copyOfRange(array, index, index + length);
        index += length;
        return Bytes.of(copy);
    }

    public String string() {
        return Text.of(bytes().array());
    }

    public <T> @Nullable T optional(Function<WireReader, T> element) {
        return bool() ? element.apply(this) : null;
    }

    /** Each element has at least one byte, so a list can't claim to be longer than what is left. */
    public <T> List<T> list(Function<WireReader, T> element) {
        int length = size();
        need(length);
        List<T> values = new ArrayList<>(Math.min(length, 1_024));
        for (int i = 0; i < length; i++) {
            values.add(element.apply(this));
        }
        return values;
    }

    /** One of an enum's constants, by its position. */
    public <E> E constant(E[] constants) {
        int ordinal = u8();
        if (ordinal >= constants.length) {
            throw new MalformedFrameException(
                    "There is no " + constants.getClass().getComponentType().getSimpleName() + " " + ordinal);
        }
        return constants[ordinal];
    }

    private void need(int length) {
        if (length > remaining()) {
            throw new MalformedFrameException("The message ends " + (length - remaining()) + " bytes too early");
        }
    }
}
