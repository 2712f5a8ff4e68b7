package dev.lockstep.cluster.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeySamplesTest {

    private final SimulatedWorld world = new SimulatedWorld();
    private final KeySamples samples = new KeySamples(world);

    private void get(int cacheId, String key, int times) {
        Request.Get get = new Request.Get(cacheId, 0, List.of(Bytes.utf8(key)), true, Consistency.SESSION, 0, 0);
        for (int i = 0; i < times; i++) {
            samples.see(get);
        }
    }

    @Test
    void keysThatAreAskedForMoreOftenComeFirst() {
        for (int i = 0; i < 610; i++) {
            get(1, "often", 6);
            get(2, "often", 3);
            get(1, "seldom", 1);
        }

        Reply.NodeFacts told = samples.with(List.of());

        assertThat(told.sampled()).isEqualTo(100);
        assertThat(told.busiest())
                .extracting(key -> key.cacheId() + " " + new String(key.key().array(), StandardCharsets.UTF_8))
                .containsExactly("1 often", "2 often", "1 seldom");
        assertThat(told.busiest().get(0).seen()).isBetween(55, 65);
    }

    @Test
    void whatWasAskedForMoreThanAMinuteAgoDoesNotCount() {
        get(1, "before", 610);
        world.pass(Duration.ofSeconds(61));
        get(1, "now", 61);

        assertThat(samples.with(List.of()).busiest())
                .containsExactly(new Reply.NodeFacts.BusyKey(1, Bytes.utf8("now"), 1));
    }

    @Test
    void aRequestWithoutKeysIsNotKept() {
        Request.Get none = new Request.Get(1, 0, List.of(), true, Consistency.SESSION, 0, 0);
        for (int i = 0; i < 122; i++) {
            samples.see(none);
        }

        assertThat(samples.with(List.of()).sampled()).isZero();
    }

    @Test
    void longKeysAreNotKept() {
        get(1, "k".repeat(513), 610);

        assertThat(samples.with(List.of()).sampled()).isZero();
    }
}
