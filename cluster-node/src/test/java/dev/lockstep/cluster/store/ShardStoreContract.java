package dev.lockstep.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract of every store. */
public abstract class ShardStoreContract {

    private static final int CACHES = 3;

    public ShardStore store = empty();

    /** A store without entries. */
    protected abstract ShardStore empty();

    /** The same store after the process has ended properly; where nothing outlasts that, the store itself. */
    protected ShardStore reopened() {
        return store;
    }

    private static StoredEntry entry(long number) {
        return new StoredEntry(Bytes.utf8("value-" + number), number, Long.MAX_VALUE);
    }

    @Test
    void pagesGiveEachKeyOnceAndInOrder() {
        Set<Bytes> keys = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            Bytes key = Bytes.utf8("key-" + i);
            keys.add(key);
            store.put(1, key, entry(0));
            store.put(2, key, entry(0));
        }
        store.commit();
        List<Bytes> read = new ArrayList<>();
        for (List<Bytes> page = store.keysAfter(1, null, 37); !page.isEmpty(); ) {
            read.addAll(page);
            page = store.keysAfter(1, page.get(page.size() - 1), 37);
        }
        assertThat(read).hasSize(1_000).isSorted().containsExactlyInAnyOrderElementsOf(keys);
    }

    @Test
    void aPageBeginsAfterAKeyThatIsNotThere() {
        for (int i = 0; i < 100; i++) {
            store.put(1, Bytes.utf8("key-" + i), entry(i));
        }
        store.commit();
        List<Bytes> all = store.keysAfter(1, null, 100);
        Bytes gone = all.get(50);
        store.remove(1, gone);
        store.commit();
        assertThat(store.keysAfter(1, gone, 3)).isEqualTo(all.subList(51, 54));
    }

    @Test
    void cachesAreApart() {
        store.put(1, Bytes.EMPTY, entry(0));
        store.commit();
        assertThat(store.get(2, Bytes.EMPTY)).isNull();
        store.clear(1);
        store.commit();
        assertThat(store.count(1)).isZero();
    }

    @Test
    void theWriterSeesWhatBelongsToItsBatch() {
        Bytes key = Bytes.utf8("key");
        assertThat(store.put(1, key, entry(1))).isNull();
        assertThat(store.get(1, key).version()).isEqualTo(1);
        assertThat(store.put(1, key, entry(2)).version()).isEqualTo(1);
        assertThat(store.remove(1, key).version()).isEqualTo(2);
        assertThat(store.get(1, key)).isNull();
        store.put(1, key, entry(3));
        store.clear(1);
        assertThat(store.get(1, key)).isNull();
        store.put(1, key, entry(4));
        store.commit();
        assertThat(store.get(1, key).version()).isEqualTo(4);
        assertThat(store.count(1)).isEqualTo(1);
    }

    @Test
    void clearedEntriesAreNotReadAgain() {
        Bytes key = Bytes.utf8("key");
        store.put(1, key, entry(1));
        store.commit();
        store.get(1, key);
        store.clear(1);
        store.commit();
        assertThat(store.get(1, key)).isNull();
        assertThat(store.firstDue()).isNull();
    }

    /** Against a map, with batches of all sizes. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void agreesWithAPlainMap(long seed) {
        Random random = new Random(seed);
        List<TreeMap<Bytes, StoredEntry>> model = new ArrayList<>();
        for (int cache = 0; cache < CACHES; cache++) {
            model.add(new TreeMap<>());
        }
        for (int batch = 0; batch < 400; batch++) {
            for (int i = random.nextInt(12); i >= 0; i--) {
                change(random, model);
                assertThat(store.firstDue()).as("seed %d", seed).isEqualTo(firstDue(model));
            }
            store.commit();
            if (random.nextInt(100) == 0) {
                store = reopened();
            }
            assertAgrees(model, random);
        }
    }

    private void change(Random random, List<TreeMap<Bytes, StoredEntry>> model) {
        int cache = random.nextInt(CACHES);
        Bytes key = Bytes.utf8("key-" + random.nextInt(40));
        int kind = random.nextInt(60);
        StoredEntry old;
        StoredEntry answered;
        if (kind == 0) {
            store.clear(cache);
            model.get(cache).clear();
            return;
        } else if (kind < 20) {
            answered = store.remove(cache, key);
            old = model.get(cache).remove(key);
        } else {
            long deadline = random.nextBoolean() ? Long.MAX_VALUE : random.nextInt(50);
            StoredEntry entry = new StoredEntry(Bytes.utf8("v" + random.nextInt()), random.nextInt(1_000), deadline);
            answered = store.put(cache, key, entry);
            old = model.get(cache).put(key, entry);
        }
        assertThat(describe(answered)).isEqualTo(describe(old));
        if (random.nextInt(8) == 0) {
            Map<Bytes, String> told = new HashMap<>();
            store.forEach(cache, (k, entry) -> told.put(k, describe(entry)));
            Map<Bytes, String> expected = new HashMap<>();
            model.get(cache).forEach((k, entry) -> expected.put(k, describe(entry)));
            assertThat(told).isEqualTo(expected);
        }
    }

    private static String describe(StoredEntry entry) {
        return entry == null
                ? "none"
                : entry.version() + " " + entry.deadlineMillis() + " "
                        + entry.value().hash64();
    }

    private static Deadline firstDue(List<TreeMap<Bytes, StoredEntry>> model) {
        TreeSet<Deadline> dues = new TreeSet<>(Deadline.BY_TIME);
        for (int cache = 0; cache < CACHES; cache++) {
            int id = cache;
            model.get(cache).forEach((key, entry) -> {
                if (entry.deadlineMillis() != Long.MAX_VALUE) {
                    dues.add(new Deadline(entry.deadlineMillis(), id, key));
                }
            });
        }
        return dues.isEmpty() ? null : dues.first();
    }

    private static long bytes(TreeMap<Bytes, StoredEntry> entries) {
        return entries.entrySet().stream()
                .mapToLong(one ->
                        256 + one.getKey().size() + one.getValue().value().size())
                .sum();
    }

    private void assertAgrees(List<TreeMap<Bytes, StoredEntry>> model, Random random) {
        int cache = random.nextInt(CACHES);
        TreeMap<Bytes, StoredEntry> expected = model.get(cache);
        assertThat(store.count(cache)).isEqualTo(expected.size());
        assertThat(store.bytes(cache)).isEqualTo(bytes(expected));
        assertThat(store.keysAfter(cache, null, Integer.MAX_VALUE)).containsExactlyElementsOf(expected.keySet());
        List<Bytes> keys = new ArrayList<>();
        for (Iterator<Bytes> all = store.keys(cache); all.hasNext(); ) {
            keys.add(all.next());
        }
        assertThat(keys).containsExactlyInAnyOrderElementsOf(expected.keySet());
        for (int i = 0; i < 40; i++) {
            Bytes key = Bytes.utf8("key-" + i);
            assertThat(describe(store.get(cache, key))).isEqualTo(describe(expected.get(key)));
        }
    }
}
