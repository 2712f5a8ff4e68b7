package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lockstep.protocol.wire.Reply.NodeFacts;
import dev.lockstep.protocol.wire.Reply.NodeFacts.BusyKey;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HotKeyTest {

    private static final Map<Integer, String> CACHES = Map.of(1, "orders");

    private static NodeFacts node(int sampled, BusyKey... busiest) {
        return new NodeFacts(List.of(), sampled, List.of(busiest));
    }

    private static BusyKey key(int cache, String key, int seen) {
        return new BusyKey(cache, EntryText.bytes("", "text", key), seen);
    }

    @Test
    void whatAllNodesHaveSeenIsAddedUp() {
        List<HotKey> keys = HotKey.among(
                List.of(node(60, key(1, "a", 20), key(1, "b", 2)), node(140, key(2, "a", 30), key(1, "a", 20))),
                CACHES);
        assertThat(keys).extracting(HotKey::cache).containsExactly("orders", "#2", "orders");
        assertThat(keys.get(0).share()).isCloseTo(0.2, within(1e-9));
        assertThat(keys.get(1).share()).isCloseTo(0.15, within(1e-9));
        assertThat(keys.get(0).key())
                .isEqualTo(keys.get(1).key())
                .isNotEqualTo(keys.get(2).key());
    }

    @Test
    void fewSamplesAndKeysSeenOnceTellNothing() {
        assertThat(HotKey.among(List.of(node(99, key(1, "a", 90))), CACHES)).isEmpty();
        assertThat(HotKey.among(List.of(node(100, key(1, "a", 1))), CACHES)).isEmpty();
        BusyKey[] many =
                IntStream.range(0, 8).mapToObj(i -> key(1, "k" + i, 10)).toArray(BusyKey[]::new);
        assertThat(HotKey.among(List.of(node(100, many)), CACHES)).hasSize(5);
    }
}
