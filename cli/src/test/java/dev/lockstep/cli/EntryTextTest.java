package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.math.BigDecimal;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EntryTextTest {

    @ParameterizedTest
    @CsvSource({
        "text, {\"name\": \"tea\"}",
        "int, -7",
        "long, 9000000000",
        "double, 2.5",
        "boolean, true",
        "uuid, 6f3c3c5e-0000-4000-8000-000000000001",
        "instant, 2026-01-01T12:00:00.000000001Z",
        "hex, 00ff10"
    })
    void valuesOfEachTypeAreReadAsTheyWereWritten(String type, String text) {
        assertThat(EntryText.text(EntryText.bytes("--key-type", type, text))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"int, 2147483648", "boolean, yes", "uuid, 1-2", "instant, today", "hex, 0", "double, ten"})
    void textThatIsNoneOfItsTypeIsRefused(String type, String text) {
        assertThatThrownBy(() -> EntryText.bytes("--key-type", type, text))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("\"" + text + "\" is no " + type);
    }

    @Test
    void anUnknownTypeIsRefusedWithThoseThatThereAre() {
        assertThatThrownBy(() -> EntryText.bytes("--value-type", "string", "x"))
                .isInstanceOf(RefusedException.class)
                .hasMessage("--value-type \"string\" is none of text, int, long, double, boolean, uuid, instant, hex");
    }

    @Test
    void theTypeIsThatOfTheCacheIfItDeclaresOneThatCanBeTyped() {
        assertThat(EntryText.typeOf("java.lang.Integer")).isEqualTo("int");
        assertThat(EntryText.typeOf("[B")).isEqualTo("hex");
        assertThat(EntryText.typeOf("java.lang.Object")).isEqualTo("text");
        assertThat(EntryText.typeOf("com.example.Order")).isEqualTo("text");
    }

    private static Bytes serialized(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write('O');
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return Bytes.of(bytes.toByteArray());
    }

    @Test
    void objectsAreNamedWithoutBeingLoaded() throws IOException {
        Bytes number = serialized(BigDecimal.TEN);

        assertThat(EntryText.text(number)).isEqualTo("(java.math.BigDecimal, " + number.size() + " bytes)");
        assertThat(EntryText.text(serialized(new int[3]))).startsWith("([I, ");
        assertThat(EntryText.text(serialized(TimeUnit.DAYS))).startsWith("(java.util.concurrent.TimeUnit, ");
    }

    @Test
    void bytesThatNoClientOfOursHasWrittenAreCounted() {
        assertThat(EntryText.text(Bytes.of(new byte[0]))).isEqualTo("(0 bytes)");
        assertThat(EntryText.text(Bytes.of(new byte[] {'S', 5, 'x'}))).isEqualTo("(3 bytes of another marshaller)");
        assertThat(EntryText.text(Bytes.of(new byte[] {'O', 1}))).isEqualTo("(2 bytes)");
        assertThat(EntryText.text(Bytes.of(new byte[] {99, 1, 2}))).isEqualTo("(3 bytes)");
    }
}
