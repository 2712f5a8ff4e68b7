package dev.lockstep.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.wire.Bytes;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** An image is what the store was when it was taken, though another thread writes while it is read. */
public abstract class ImageConcurrencyContract {

    private static final int KEYS = 3_000;
    private static final int CACHES = 3;

    private final ShardStore store = empty();
    private final Random random = new Random(7);
    private long version;

    /** A store without entries. */
    protected abstract ShardStore empty();

    private void write() {
        int cache = random.nextInt(CACHES);
        Bytes key = Bytes.utf8("key-" + random.nextInt(KEYS));
        int what = random.nextInt(20_000);
        if (what == 0) {
            store.clear(cache);
        } else if (what < 6_000) {
            store.remove(cache, key);
        } else {
            store.put(cache, key, new StoredEntry(key, ++version, Long.MAX_VALUE));
        }
        store.commit();
    }

    private Map<String, Long> content() {
        Map<String, Long> content = new HashMap<>();
        for (int cache = 0; cache < CACHES; cache++) {
            for (Bytes key : store.keysAfter(cache, null, Integer.MAX_VALUE)) {
                content.put(name(cache, key), store.get(cache, key).version());
            }
        }
        return content;
    }

    private static String name(int cache, Bytes key) {
        return cache + "/" + new String(key.array(), java.nio.charset.StandardCharsets.UTF_8);
    }

    @Test
    void anImageReadsTheStateAtItsCreation() throws Exception {
        for (int round = 0; round < 60; round++) {
            for (int i = 0; i < 2_000; i++) {
                write();
            }
            Map<String, Long> expected = content();
            Map<String, Long> read = new HashMap<>();
            AtomicBoolean done = new AtomicBoolean();
            CountDownLatch begun = new CountDownLatch(1);
            ShardStore.Image image = store.image();
            Thread reader = new Thread(() -> {
                begun.countDown();
                image.forEach((cache, key, entry) -> read.put(name(cache, key), entry.version()));
                done.set(true);
            });
            reader.start();
            begun.await();
            while (!done.get()) {
                write();
            }
            reader.join();
            image.close();
            assertThat(read).isEqualTo(expected);
        }
    }
}
