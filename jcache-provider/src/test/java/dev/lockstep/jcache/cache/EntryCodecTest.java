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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EntryCodecTest {

    private static final Marshaller STANDARD =
            Marshallers.of(new Properties(), EntryCodecTest.class.getClassLoader(), "prices");

    private final EntryCodec<String, Object> byValue = new EntryCodec<>(STANDARD, STANDARD);
    private final EntryCodec<String, Object> byReference = new EntryCodec<>(STANDARD, new References());

    /** An entry as a replica in this JVM holds it. */
    private static final class Held implements LocalEntry {

        private final Bytes value;
        private @Nullable Object decoded;

        Held(Bytes value) {
            this.value = value;
        }

        @Override
        public Bytes value() {
            return value;
        }

        @Override
        public long version() {
            return 1;
        }

        @Override
        public @Nullable Object decoded() {
            return decoded;
        }

        @Override
        public void decoded(Object object) {
            decoded = object;
        }
    }

    @Test
    void anImmutableValueOfAReplicaInThisJvmIsDecodedOnceForAllItsReaders() {
        LocalEntry entry = new Held(byValue.valueBytes("v"));

        assertThat(byValue.value(entry)).isEqualTo("v").isSameAs(byValue.value(entry));
    }

    @Test
    void everyReaderOfAMutableValueGetsACopyOfItsOwn() {
        LocalEntry entry = new Held(byValue.valueBytes(new ArrayList<>(List.of("v"))));
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
