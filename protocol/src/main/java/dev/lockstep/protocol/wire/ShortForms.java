package dev.lockstep.protocol.wire;

import java.time.Instant;
import java.util.UUID;

/**
 * The bytes of common immutable keys and values: a tag, then the value. Every client writes them alike, whatever its language could read
 * of other objects. Stateless.
 */
public final class ShortForms {

    private ShortForms() {}

    /** Writes an object if it has a short form, and tells whether it did. */
    public static boolean write(WireWriter out, Object object) {
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
            return false;
        }
        return true;
    }

    /** Tells whether a short form begins with this tag. */
    public static boolean isTag(int tag) {
        return "SILZDUTB".indexOf(tag) >= 0;
    }

    /**
     * Reads what comes after the tag.
     *
     * @throws MalformedFrameException if it is no value of that type
     * @throws java.time.DateTimeException if it is no instant
     * @throws ArithmeticException if it is no {@code int}
     * @throws IllegalArgumentException if no short form has that tag
     */
    public static Object read(int tag, WireReader in) {
        return switch (tag) {
            case 'S' -> in.string();
            case 'I' -> Math.toIntExact(in.signed());
            case 'L' -> in.signed();
            case 'Z' -> in.bool();
            case 'D' -> Double.longBitsToDouble(in.i64());
            case 'U' -> new UUID(in.i64(), in.i64());
            case 'T' -> Instant.ofEpochSecond(in.signed(), in.varint());
            case 'B' -> in.bytes().array();
            default -> throw new IllegalArgumentException("No short form has the tag " + tag);
        };
    }
}
