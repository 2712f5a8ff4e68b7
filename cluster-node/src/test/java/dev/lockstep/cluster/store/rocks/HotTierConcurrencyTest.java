package dev.lockstep.cluster.store.rocks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A value loaded before a change never replaces the change. */
@Tag("slow")
class HotTierConcurrencyTest {

    private static final int KEYS = 400;
    private static final long BATCHES = 6_000;
    private static final Bytes KEY = Bytes.utf8("key");
    private static final StoredEntry OLD = new StoredEntry(KEY, 1, Long.MAX_VALUE);
    private static final StoredEntry NEW = new StoredEntry(KEY, 2, Long.MAX_VALUE);

    /** The one interleaving that matters, made to happen. */
    @Test
    void aLoadThatBeganBeforeAWriteDoesNotComeAfterIt() throws Exception {
        HotTier hot = new HotTier(1 << 20);
        Object of = new Object();
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch written = new CountDownLatch(1);
        Thread reader = new Thread(() -> hot.get(of, KEY, () -> {
            loading.countDown();
            try {
                // The writer waits for the load, or is done: then this is late.
                written.await(300, TimeUnit.MILLISECONDS);
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
            return OLD;
        }));
        reader.start();
        loading.await();
        hot.put(of, KEY, NEW);
        written.countDown();
        reader.join();
        assertThat(hot.get(of, KEY, () -> NEW)).isSameAs(NEW);
    }

    /** The same of a removal. */
    @Test
    void norAfterARemoval() throws Exception {
        HotTier hot = new HotTier(1 << 20);
        Object of = new Object();
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch removed = new CountDownLatch(1);
        Thread reader = new Thread(() -> hot.get(of, KEY, () -> {
            loading.countDown();
            try {
                removed.await(300, TimeUnit.MILLISECONDS);
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
            return OLD;
        }));
        reader.start();
        loading.await();
        hot.remove(of, KEY);
        removed.countDown();
        reader.join();
        assertThat(hot.get(of, KEY, () -> null)).isNull();
    }

    /** A store whose hot tier is far too small: a reader that knows of a batch sees all of it. */
    @Test
    void readersNeverSeeLessThanTheyKnowOf() throws Exception {
        try (RocksFolder folder = new RocksFolder()) {
            ShardStore store = folder.empty();
            AtomicLongArray known = new AtomicLongArray(KEYS);
            AtomicLong clearing = new AtomicLong();
            AtomicBoolean over = new AtomicBoolean();
            AtomicReference<String> wrong = new AtomicReference<>();
            Thread[] readers = new Thread[3];
            for (int i = 0; i < readers.length; i++) {
                Random random = new Random(i);
                readers[i] = new Thread(() -> {
                    while (!over.get()) {
                        int key = random.nextInt(KEYS);
                        long before = known.get(key);
                        StoredEntry entry = store.get(1, key(key));
                        if (entry == null ? clearing.get() < before : entry.version() < before) {
                            wrong.set("key " + key + " was known to be at " + before);
                        }
                    }
                });
                readers[i].start();
            }
            Random random = new Random(77);
            for (long version = 1; version <= BATCHES && wrong.get() == null; version++) {
                write(store, version, clearing, random, known);
            }
            over.set(true);
            for (Thread reader : readers) {
                reader.join();
            }
            assertThat(wrong.get()).isNull();
        }
    }

    private static void write(
            ShardStore store, long version, AtomicLong clearing, Random random, AtomicLongArray known) {
        if (version % 1_000 == 0) {
            clearing.set(version);
            store.clear(1);
        }
        int[] keys = {random.nextInt(KEYS), random.nextInt(KEYS), random.nextInt(KEYS)};
        for (int key : keys) {
            store.put(1, key(key), new StoredEntry(Bytes.of(new byte[200]), version, Long.MAX_VALUE));
        }
        store.commit();
        for (int key : keys) {
            known.set(key, version);
        }
    }

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }
}
