package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Bytes;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.CacheException;
import org.junit.jupiter.api.Test;

class ObservedEntryTest {

    private static final Bytes BYTES = Bytes.of(new byte[] {1});
    private static final Bytes OTHER = Bytes.of(new byte[] {2});

    private final ObservedEntry<String> unreadable = new ObservedEntry<>(BYTES, bytes -> {
        throw new CacheException("class com.example.Price is not on the class path");
    });

    @Test
    void theValueIsDecodedWhenItIsAskedForAndOnce() {
        AtomicInteger decoded = new AtomicInteger();
        ObservedEntry<String> entry = new ObservedEntry<>(BYTES, bytes -> "v" + decoded.incrementAndGet());
        assertThat(decoded).hasValue(0);

        assertThat(entry.value()).isEqualTo("v1");
        assertThat(entry.value()).isEqualTo("v1");
    }

    @Test
    void aValueThatCannotBeDecodedFailsItsReaders() {
        assertThatThrownBy(unreadable::value).isInstanceOf(CacheException.class);
    }

    @Test
    void theOldValueOfNoEntryIsNull() {
        assertThat(ObservedEntry.<String>old(null)).isNull();
    }

    @Test
    void anOldValueThatCannotBeDecodedIsReportedAfterTheChange() {
        assertThatThrownBy(() -> ObservedEntry.old(unreadable))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("was changed")
                .hasMessageContaining("com.example.Price");
    }

    @Test
    void valuesAreComparedByEqualsAndUnreadableOnesByTheirBytes() {
        ObservedEntry<String> entry = new ObservedEntry<>(BYTES, bytes -> "v");

        assertThat(entry.isEqualTo("v", expected -> OTHER)).isTrue();
        assertThat(entry.isEqualTo("w", expected -> BYTES)).isFalse();
        assertThat(unreadable.isEqualTo("v", expected -> BYTES)).isTrue();
        assertThat(unreadable.isEqualTo("v", expected -> OTHER)).isFalse();
    }
}
