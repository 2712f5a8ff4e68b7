package dev.lockstep.protocol.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestDescriptionsTest {

    private final RequestDescriptions subject = new RequestDescriptions();

    private static Request read(String key) {
        return new Request.ReadForUpdate(7, 3, Bytes.utf8(key), new LeaseId(1, 2, 3), 1, 1);
    }

    private void learn(int id, String name) {
        subject.learn(new Reply.Caches(
                List.of(new CacheInfo(
                        id, new CacheDefinition(name, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))),
                id));
    }

    @Test
    void aRequestIsToldWithCacheKeyAndShard() {
        assertThat(subject.of(read("users/42"))).contains("number 7", "users/42", "shard 3");
        learn(7, "users");
        assertThat(subject.of(read("users/42"))).contains("\"users\"", "users/42", "shard 3");
    }

    @Test
    void longKeysAreShortenedAndBytesThatAreNoTextAreNotWritten() {
        assertThat(subject.of(read("\u0001\u0002" + "x".repeat(1_000) + "\n")))
                .hasSizeLessThan(150)
                .contains("xxx…")
                .doesNotContain("\n");
    }

    @Test
    void theNamesOfTheCachesLearnedLastAreKept() {
        for (int id = 1; id <= 3 * RequestDescriptions.MAX_NAMES; id++) {
            learn(7, "users");
            learn(1_000 + id, "cache " + id);
        }
        assertThat(subject.of(read("a"))).contains("\"users\"");
        assertThat(subject.of(new Request.DestroyCache(1_001))).contains("number 1001");
        assertThat(subject.of(new Request.DestroyCache(1_000 + 3 * RequestDescriptions.MAX_NAMES)))
                .contains("\"cache 30000\"");
    }
}
