package dev.lockstep.cli;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.ShortForms;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.ObjectStreamConstants;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Keys and values as people write and read them. No class of an application is loaded: objects of those are named only. Stateless. */
final class EntryText {

    private static final int SERIALIZED = 'O';

    private EntryText() {}

    /** The types in which a key or value can be written on the command line. */
    enum Type {
        TEXT,
        INT,
        LONG,
        DOUBLE,
        BOOLEAN,
        UUID,
        INSTANT,
        HEX;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        private Object parse(String text) {
            return switch (this) {
                case TEXT -> text;
                case INT -> Integer.valueOf(text);
                case LONG -> Long.valueOf(text);
                case DOUBLE -> Double.valueOf(text);
                case BOOLEAN -> flag(text);
                case UUID -> java.util.UUID.fromString(text);
                case INSTANT -> Instant.parse(text);
                case HEX -> HexFormat.of().parseHex(text);
            };
        }

        private static boolean flag(String text) {
            if (!text.equals("true") && !text.equals("false")) {
                throw new IllegalArgumentException("it is neither true nor false");
            }
            return Boolean.parseBoolean(text);
        }
    }

    /** The word of the type that a cache declares, and of text unless it has one. */
    static String typeOf(String className) {
        Type type = switch (className) {
            case "java.lang.Integer" -> Type.INT;
            case "java.lang.Long" -> Type.LONG;
            case "java.lang.Double" -> Type.DOUBLE;
            case "java.lang.Boolean" -> Type.BOOLEAN;
            case "java.util.UUID" -> Type.UUID;
            case "java.time.Instant" -> Type.INSTANT;
            case "[B" -> Type.HEX;
            default -> Type.TEXT;
        };
        return type.word();
    }

    /**
     * Encodes a key or value as applications do.
     *
     * @param type by its word
     * @throws RefusedException if there is no such type, or the text is none of it
     */
    static Bytes bytes(String option, String type, String text) {
        Type wanted = Arrays.stream(Type.values())
                .filter(one -> one.word().equals(type))
                .findFirst()
                .orElseThrow(() -> new RefusedException(option + " \"" + type + "\" is none of "
                        + Arrays.stream(Type.values()).map(Type::word).collect(Collectors.joining(", "))));
        try {
            WireWriter out = new WireWriter(text.length() + 16);
            ShortForms.write(out, wanted.parse(text));
            return Bytes.of(out.toByteArray());
        } catch (IllegalArgumentException | DateTimeException wrong) {
            throw new RefusedException("\"" + text + "\" is no " + type + ": " + wrong.getMessage());
        }
    }

    /** The key or value itself, or what it is if it has no text. */
    static String text(Bytes bytes) {
        byte[] array = bytes.array();
        int tag = array.length == 0 ? -1 : array[0];
        if (ShortForms.isTag(tag)) {
            try {
                WireReader in = new WireReader(array);
                Object object = ShortForms.read(in.u8(), in);
                in.end();
                return object instanceof byte[] own ? HexFormat.of().formatHex(own) : object.toString();
            } catch (MalformedFrameException | DateTimeException | ArithmeticException otherForm) {
                return "(" + array.length + " bytes of another marshaller)";
            }
        }
        String type = tag == SERIALIZED ? serializedClass(array) : null;
        return "(" + (type == null ? "" : type + ", ") + array.length + " bytes)";
    }

    /** The class that Java's serialization has written first; null if it is of no other form than one object or constant. */
    private static @Nullable String serializedClass(byte[] array) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(array, 1, array.length - 1))) {
            boolean begins = in.readShort() == ObjectStreamConstants.STREAM_MAGIC
                    && in.readShort() == ObjectStreamConstants.STREAM_VERSION;
            in.readByte();
            return begins && in.readByte() == ObjectStreamConstants.TC_CLASSDESC ? in.readUTF() : null;
        } catch (IOException otherForm) {
            return null;
        }
    }
}
