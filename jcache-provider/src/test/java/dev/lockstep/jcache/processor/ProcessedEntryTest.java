package dev.lockstep.jcache.processor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.processor.ProcessedEntry.Change;
import org.junit.jupiter.api.Test;

class ProcessedEntryTest {

    private final ProcessedEntry<String, String> present = new ProcessedEntry<>("k", () -> "v", null);
    private final ProcessedEntry<String, String> absent = new ProcessedEntry<>("k", null, null);

    @Test
    void anEntryThatIsNotTouchedIsNotChanged() {
        assertThat(present.exists()).isTrue();
        assertThat(absent.exists()).isFalse();
        assertThat(present.change()).isEqualTo(Change.NONE);
    }

    @Test
    void readingIsAnAccessOnlyWhereThereIsAnEntry() {
        assertThat(present.getValue()).isEqualTo("v");
        assertThat(absent.getValue()).isNull();
        assertThat(present.change()).isEqualTo(Change.READ);
        assertThat(absent.change()).isEqualTo(Change.NONE);
    }

    @Test
    void theLastChangeCounts() {
        present.setValue("w");
        present.remove();
        assertThat(present.change()).isEqualTo(Change.REMOVED);
        assertThat(present.exists()).isFalse();

        present.setValue("x");
        assertThat(present.change()).isEqualTo(Change.SET);
        assertThat(present.value()).isEqualTo("x");
    }

    @Test
    void anEntryThatIsSetAndRemovedAgainWasNeverThere() {
        absent.setValue("v");
        absent.remove();

        assertThat(absent.change()).isEqualTo(Change.NONE);
    }

    @Test
    void anAbsentEntryIsLoadedWhenItIsReadAndNotAfterItWasRemoved() {
        ProcessedEntry<String, String> loading = new ProcessedEntry<>("k", null, key -> "loaded-" + key);
        assertThat(loading.getValue()).isEqualTo("loaded-k");
        assertThat(loading.change()).isEqualTo(Change.LOADED);

        ProcessedEntry<String, String> removed = new ProcessedEntry<>("k", () -> "v", key -> "loaded");
        removed.remove();
        assertThat(removed.getValue()).isNull();
    }

    @Test
    void nullIsNoValue() {
        assertThatThrownBy(() -> present.setValue(null)).isInstanceOf(NullPointerException.class);
    }
}
