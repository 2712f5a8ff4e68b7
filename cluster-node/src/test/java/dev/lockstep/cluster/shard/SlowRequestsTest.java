package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SlowRequestsTest {

    private static final CacheInfo STOCK =
            new CacheInfo(1, 1, new CacheDefinition("stock", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION));
    private static final Reply DONE = new Reply.Done();

    private final ManualEventLoop time = new ManualEventLoop();
    private final List<String> lines = new ArrayList<>();
    private final SlowRequests slow = new SlowRequests(
            TimeUnit.MILLISECONDS.toNanos(100), cache -> cache == STOCK.id() ? STOCK : null, time, lines::add);

    private void pass(long millis) {
        time.pass(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    @Test
    void onlyWhatTakesLongerThanTheBoundIsLogged() {
        long begun = slow.nanos();
        pass(100);
        slow.write(1, 3, 5, begun, begun, DONE);
        assertThat(lines).isEmpty();
        pass(1);
        slow.write(1, 3, 5, begun, begun + TimeUnit.MILLISECONDS.toNanos(40), DONE);
        assertThat(lines)
                .containsExactly(
                        "Slow write: cache stock, shard 3, 5 entries, 101 ms, 40 ms of them until it was proposed to the log,"
                                + " 61 ms until it was synced here, had its majority and was applied");
    }

    @Test
    void aWriteThatWasRefusedUnproposedIsLoggedAsSuch() {
        long begun = slow.nanos();
        pass(200);
        slow.write(7, 3, 1, begun, 0, Reply.Refused.of(Status.NO_LEADER, "none"));
        assertThat(lines)
                .containsExactly(
                        "Slow write: cache 7, shard 3, 1 entry, 200 ms, never proposed to the log; refused as NO_LEADER");
    }

    @Test
    void aReadIsLoggedWithoutItsKeys() {
        long begun = slow.nanos();
        pass(300);
        slow.read(
                new Request.Get(1, 2, List.of(Bytes.utf8("secret")), true, Consistency.STRONG, 0, 0),
                begun,
                TimeUnit.MILLISECONDS.toNanos(290),
                DONE);
        assertThat(lines)
                .containsExactly(
                        "Slow get: cache stock, shard 2, 300 ms, 290 ms of them until the leadership was confirmed,"
                                + " 10 ms until the replica had caught up and had looked");
    }

    @Test
    void thereIsALineASecondThatSaysHowManyWereLeftOut() {
        long begun = slow.nanos();
        pass(200);
        for (int i = 0; i < 5; i++) {
            slow.write(1, 3, 1, begun, 0, DONE);
        }
        assertThat(lines).hasSize(1);
        pass(1_000);
        slow.write(1, 3, 1, begun, 0, DONE);
        assertThat(lines).hasSize(2);
        assertThat(lines.get(1)).endsWith("; not logged before it: 4");
    }
}
