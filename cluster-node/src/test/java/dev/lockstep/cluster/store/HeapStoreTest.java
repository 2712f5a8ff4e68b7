package dev.lockstep.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.LocalEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HeapStoreTest {

    private final HeapStore store = new HeapStore();

    @Test
    void pagesGiveEachKeyOnceAndInOrder() {
        Set<Bytes> keys = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            Bytes key = Bytes.utf8("key-" + i);
            keys.add(key);
            store.put(1, key, LocalEntry.ABSENT);
            store.put(2, key, LocalEntry.ABSENT);
        }
        List<Bytes> read = new ArrayList<>();
        for (List<Bytes> page = store.keysAfter(1, null, 37); !page.isEmpty(); ) {
            read.addAll(page);
            page = store.keysAfter(1, page.get(page.size() - 1), 37);
        }
        assertThat(read).hasSize(1_000).isSorted().containsExactlyInAnyOrderElementsOf(keys);
    }

    @Test
    void cachesAreApart() {
        store.put(1, Bytes.EMPTY, LocalEntry.ABSENT);
        assertThat(store.get(2, Bytes.EMPTY)).isNull();
        store.clear(1);
        assertThat(store.count(1)).isZero();
    }
}
