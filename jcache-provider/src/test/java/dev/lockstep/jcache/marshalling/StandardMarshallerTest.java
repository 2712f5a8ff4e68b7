package dev.lockstep.jcache.marshalling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Bytes;
import java.io.NotSerializableException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import javax.cache.CacheException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StandardMarshallerTest {

    private final Marshaller marshaller = new StandardMarshaller(getClass().getClassLoader());

    static Stream<Object> objects() {
        return Stream.of(
                "",
                "naïve \uD83D\uDE00",
                0,
                Integer.MIN_VALUE,
                Long.MAX_VALUE,
                true,
                -0.0,
                Double.NaN,
                new UUID(1, -2),
                Instant.ofEpochSecond(-5, 7),
                new BigDecimal("1.50"),
                new ArrayList<>(List.of("a", 1)));
    }

    @ParameterizedTest
    @MethodSource("objects")
    void anObjectComesBackEqualAndEqualObjectsHaveEqualBytes(Object object) {
        Bytes bytes = marshaller.write(object);
        assertThat(marshaller.read(bytes)).isEqualTo(object).hasSameClassAs(object);
        assertThat(marshaller.write(marshaller.read(bytes))).isEqualTo(bytes);
    }

    @Test
    void anObjectThatIsNotSerializableIsRefusedWithItsClass() {
        Object object = new Object();
        assertThatThrownBy(() -> marshaller.write(object))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("java.lang.Object")
                .hasCauseInstanceOf(NotSerializableException.class);
    }

    @Test
    void whatIsDeeperThanTheLimitIsNotRead() {
        List<Object> nested = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            nested = new ArrayList<>(List.of(nested));
        }
        Bytes bytes = marshaller.write(nested);
        assertThatThrownBy(() -> marshaller.read(bytes)).isInstanceOf(CacheException.class);
    }

    @Test
    void aByteArrayIsCopied() {
        byte[] array = {1, 2, 3};
        assertThat(marshaller.read(marshaller.write(array))).isEqualTo(array).isNotSameAs(array);
        assertThat(marshaller.isImmutable(array)).isFalse();
    }
}
