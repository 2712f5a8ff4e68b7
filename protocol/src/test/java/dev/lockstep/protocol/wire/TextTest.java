package dev.lockstep.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextTest {

    private static final List<String> STRINGS = List.of(
            "",
            "?",
            "a?b",
            "naïve",
            "\uD83D\uDE00",
            "\uFFFD",
            "\uD800",
            "\uD801",
            "\uDC00",
            "a\uD801",
            "a\uD800b\uDFFF?",
            "\uDC00\uD800",
            "\uD800\uD83D\uDE00\uDC00",
            "\uD7FF\uE000");

    @Provide
    static Arbitrary<String> texts() {
        return Arbitraries.strings()
                .withChars('\uD800', '\uDBFF', '\uDC00', '\uDFFF', '?', '\uFFFD', 'a', '\u00E9', '\uD7FF', '\uE000')
                .ofMaxLength(8);
    }

    @Property(tries = 2_000)
    void aTextComesBack(@ForAll("texts") String text) {
        assertThat(Text.of(Text.bytes(text))).isEqualTo(text);
    }

    @Test
    void differentTextsHaveDifferentBytes() {
        assertThat(STRINGS.stream().map(Bytes::utf8).distinct()).hasSameSizeAs(STRINGS);
        assertThat(STRINGS)
                .allSatisfy(text -> assertThat(
                                new WireReader(new WireWriter(8).string(text).toByteArray()).string())
                        .isEqualTo(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?", "naïve", "\uD83D\uDE00", "\uFFFD"})
    void aTextWithoutLoneSurrogatesHasTheBytesOfUtf8(String text) {
        assertThat(Text.bytes(text)).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Else two of them would be one text, and a text would not come back as it was sent. */
    @Test
    void bytesOfNoTextAreMalformed() {
        byte[] pairInSixBytes = {(byte) 0xED, (byte) 0xA0, (byte) 0xBD, (byte) 0xED, (byte) 0xB8, (byte) 0x80};
        byte[] cut = Arrays.copyOf(pairInSixBytes, 5);
        for (byte[] bytes : new byte[][] {
            pairInSixBytes,
            cut,
            {(byte) 0xFF},
            {'a', (byte) 0x80},
            {(byte) 0xC0, (byte) 0x80},
            {(byte) 0xE0, (byte) 0x80, (byte) 0x80}
        }) {
            assertThatThrownBy(() -> Text.of(bytes)).isInstanceOf(MalformedFrameException.class);
        }
    }
}
