package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeyScanTest {

    private final TestCache fixture = new TestCache();
    private final SessionCache<String, Object> cache = fixture.open();
    private final CacheClient<String, Object> client = fixture.client();
    private final List<Bytes> keys = new ArrayList<>();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void everyKeyOfEveryPageAndShardComesOnceAndNoValueIsRead() {
        Map<String, Object> stored = new TreeMap<>();
        for (int i = 0; i < 5_000; i++) {
            stored.put("k" + i, "v");
        }
        cache.putAll(stored);
        fixture.cluster().forgetRequests();
        new KeyScan<>(client).forEach(keys::add);

        assertThat(keys).map(client.codec()::key).containsExactlyInAnyOrderElementsOf(stored.keySet());
        assertThat(fixture.cluster().requests(Request.Scan.class)).hasSizeGreaterThan(2 * FakeCluster.SHARDS);
        assertThat(fixture.cluster().requests(Request.Get.class)).isEmpty();
    }

    @Test
    void aShardWithoutKeysDoesNotEndTheScan() {
        for (String key : List.of("a", "b", "c", "d", "e", "f")) {
            cache.removeAll();
            cache.put(key, "v");
            keys.clear();
            new KeyScan<>(client).forEach(keys::add);

            assertThat(keys).map(client.codec()::key).containsExactly(key);
        }
    }
}
