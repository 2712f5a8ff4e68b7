package dev.lockstep.protocol.wire;

import java.nio.charset.StandardCharsets;

/**
 * The bytes of text: UTF-8, in which a surrogate that is not half of a pair has three bytes as any other character of its size
 * (WTF-8). Different strings have different bytes, and bytes that are those of no string are malformed. Stateless.
 */
final class Text {

    private static final char REPLACEMENT = '\uFFFD';

    private Text() {}

    static byte[] bytes(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        // The JDK writes a question mark for a surrogate that is alone.
        return hasQuestionMark(bytes) && hasLoneSurrogate(text) ? slowly(text) : bytes;
    }

    private static boolean hasQuestionMark(byte[] bytes) {
        for (byte one : bytes) {
            if (one == '?') {
                return true;
            }
        }
        return false;
    }

    private static boolean hasLoneSurrogate(String text) {
        return text.codePoints().anyMatch(Text::isSurrogate);
    }

    private static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    private static byte[] slowly(String text) {
        WireWriter out = new WireWriter(text.length() * 3);
        text.codePoints().forEach(codePoint -> {
            if (isSurrogate(codePoint)) {
                out.u8(0xE0 | (codePoint >>> 12))
                        .u8(0x80 | ((codePoint >>> 6) & 0x3F))
                        .u8(0x80 | (codePoint & 0x3F));
            } else {
                for (byte one : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
                    out.u8(one);
                }
            }
        });
        return out.toByteArray();
    }

    /** @throws MalformedFrameException when no string has these bytes */
    static String of(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        // The JDK reads what is malformed, and surrogates that are alone, as replacement characters.
        return text.indexOf(REPLACEMENT) < 0 ? text : slowly(bytes);
    }

    private static String slowly(byte[] bytes) {
        StringBuilder text = new StringBuilder(bytes.length);
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (isSurrogateAt(bytes, i)) {
                text.append(new String(bytes, start, i - start, StandardCharsets.UTF_8));
                text.append((char) (((bytes[i] & 0xF) << 12) | ((bytes[i + 1] & 0x3F) << 6) | (bytes[i + 2] & 0x3F)));
                start = i + 3;
                i += 2;
            }
        }
        text.append(new String(bytes, start, bytes.length - start, StandardCharsets.UTF_8));
        String read = text.toString();
        if (!Bytes.of(bytes(read)).equals(Bytes.of(bytes))) {
            throw new MalformedFrameException("A text is not in UTF-8");
        }
        return read;
    }

    /** No other character has a byte 0xED that is followed by one above 0x9F. */
    private static boolean isSurrogateAt(byte[] bytes, int i) {
        return i + 2 < bytes.length
                && bytes[i] == (byte) 0xED
                && (bytes[i + 1] & 0xE0) == 0xA0
                && (bytes[i + 2] & 0xC0) == 0x80;
    }
}
