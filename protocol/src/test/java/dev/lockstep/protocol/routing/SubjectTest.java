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

class SubjectTest {

    private final Subject subject = new Subject();

    private static Request read(String key) {
        return new Request.ReadForUpdate(7, 3, Bytes.utf8(key), new LeaseId(1, 2, 3), 1, 1);
    }

    @Test
    void aRequestIsToldWithCacheKeyAndShard() {
        assertThat(subject.of(read("users/42"))).contains("number 7", "users/42", "shard 3");
        subject.learn(new Reply.Caches(
                List.of(new CacheInfo(
                        7, new CacheDefinition("users", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))),
                7));
        assertThat(subject.of(read("users/42"))).contains("\"users\"", "users/42", "shard 3");
    }

    @Test
    void longKeysAreShortenedAndBytesThatAreNoTextAreNotWritten() {
        assertThat(subject.of(read("\u0001\u0002" + "x".repeat(1_000) + "\n")))
                .hasSizeLessThan(150)
                .contains("xxx…")
                .doesNotContain("\n");
    }
}
