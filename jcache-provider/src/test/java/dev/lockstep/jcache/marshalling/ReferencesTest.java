package dev.lockstep.jcache.marshalling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Bytes;
import java.util.List;
import java.util.Properties;
import javax.cache.CacheException;
import org.junit.jupiter.api.Test;

/** Caches that store by reference: values as objects, keys as bytes where they can be and as objects where they can't. */
class ReferencesTest {

    private final References values = new References();
    private final Marshaller serialized =
            Marshallers.of(new Properties(), ReferencesTest.class.getClassLoader(), "prices");
    private final KeyReferences keys = new KeyReferences(serialized);

    /** Equal to others of the same number, and not serializable. */
    private record Point(int number, Object notSerializable) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Point point && point.number == number;
        }

        @Override
        public int hashCode() {
            return number;
        }
    }

    private static Point point(int number) {
        return new Point(number, new Object());
    }

    @Test
    void aValueIsReadAsTheSameObjectAndEachWriteIsAValueOfItsOwn() {
        Object value = new Object();
        Bytes first = values.write(value);
        Bytes second = values.write(value);
        assertThat(values.read(first)).isSameAs(value);

        values.discard(first);
        assertThat(values.read(second)).isSameAs(value);
        assertThatThrownBy(() -> values.read(first))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("by reference");
    }

    @Test
    void equalKeysThatCannotBeSerializedHaveTheSameBytes() {
        Bytes bytes = keys.writeKey(point(1));

        assertThat(keys.writeKey(point(1))).isEqualTo(bytes);
        assertThat(keys.writeKey(point(2))).isNotEqualTo(bytes);
        assertThat(keys.read(bytes)).isEqualTo(point(1));
    }

    @Test
    void aKeyThatCanBeSerializedHasTheBytesThatEveryCacheGivesIt() {
        assertThat(keys.writeKey("k")).isEqualTo(serialized.writeKey("k"));
        assertThat(keys.read(keys.writeKey("k"))).isEqualTo("k");
        assertThat(keys.read(keys.writeKey(List.of("k")))).isEqualTo(List.of("k"));
    }
}
