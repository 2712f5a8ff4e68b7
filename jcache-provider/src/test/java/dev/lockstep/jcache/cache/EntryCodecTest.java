package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.jcache.marshalling.Marshallers;
import dev.lockstep.jcache.marshalling.References;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.cache.CacheException;
import org.junit.jupiter.api.Test;

class EntryCodecTest {

    private static final Marshaller STANDARD =
            Marshallers.of(new Properties(), EntryCodecTest.class.getClassLoader(), "prices");

    private final EntryCodec<String, Object> byValue = new EntryCodec<>(STANDARD, STANDARD);
    private final EntryCodec<String, Object> byReference = new EntryCodec<>(STANDARD, new References());

    private static LocalEntry held(Bytes value) {
        return new LocalEntry(value, 1, Long.MAX_VALUE);
    }

    @Test
    void anImmutableValueOfAReplicaInThisJvmIsDecodedOnceForAllItsReaders() {
        LocalEntry entry = held(byValue.valueBytes("v"));

        assertThat(byValue.value(entry)).isEqualTo("v").isSameAs(byValue.value(entry));
    }

    @Test
    void everyReaderOfAMutableValueGetsACopyOfItsOwn() {
        LocalEntry entry = held(byValue.valueBytes(new ArrayList<>(List.of("v"))));
        @SuppressWarnings("unchecked")
        List<String> mine = (List<String>) byValue.value(entry);
        mine.add("changed");

        assertThat(byValue.value(entry)).isEqualTo(List.of("v"));
    }

    @Test
    void mutableValuesAreNotComparedByBytesNotEvenWhereTheyAreKeptByReference() {
        assertThat(byValue.isComparedByBytes("v")).isTrue();
        assertThat(byValue.isComparedByBytes(new ArrayList<>(List.of("v")))).isFalse();
        assertThat(byReference.isComparedByBytes(new ArrayList<>(List.of("v")))).isFalse();
    }

    @Test
    void aValueKeptByReferenceIsTheSameObjectUntilItIsDiscarded() {
        Object value = new Object();
        Bytes bytes = byReference.valueBytes(value);
        assertThat(byReference.value(bytes)).isSameAs(value);

        byReference.discard(bytes);
        assertThatThrownBy(() -> byReference.value(bytes)).isInstanceOf(CacheException.class);
    }
}
