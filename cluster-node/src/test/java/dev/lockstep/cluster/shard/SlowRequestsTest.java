package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ProposalSteps;
import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.topology.NodeId;
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
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SlowRequestsTest {

    private static final CacheInfo STOCK =
            new CacheInfo(1, 1, new CacheDefinition("stock", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION));
    private static final Reply DONE = new Reply.Done();

    private final ManualEventLoop time = new ManualEventLoop();
    private final List<String> lines = new ArrayList<>();
    private final SortedMap<NodeId, Long> roundTripNanos = new TreeMap<>();
    private final SlowRequests slow = new SlowRequests(
            TimeUnit.MILLISECONDS.toNanos(100),
            cache -> cache == STOCK.id() ? STOCK : null,
            () -> roundTripNanos,
            time,
            lines::add);

    private void pass(long millis) {
        time.pass(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    @Test
    void onlyWhatTakesLongerThanTheBoundIsLogged() {
        long begun = slow.nanos();
        pass(40);
        ProposalSteps steps = new ProposalSteps(time);
        pass(3);
        steps.appended();
        pass(50);
        steps.committed();
        pass(7);
        slow.write(1, 3, 5, begun, steps, DONE);
        assertThat(lines).isEmpty();
        assertThat(slow.count()).isZero();
        pass(1);
        slow.write(1, 3, 5, begun, steps, DONE);
        assertThat(slow.count()).isEqualTo(1);
        assertThat(lines)
                .containsExactly(
                        "Slow write: cache stock, shard 3, 5 entries, 101 ms, 40 ms of them until it was proposed to the log,"
                                + " 3 ms until the log here had it, 50 ms until a majority had it,"
                                + " 8 ms until it was applied and answered");
    }

    @Test
    void aStepThatHasNoTimeIsPartOfTheNext() {
        long begun = slow.nanos();
        ProposalSteps unanswered = new ProposalSteps(time);
        pass(200);
        unanswered.appended();
        slow.write(1, 3, 1, begun, unanswered, Reply.Refused.of(Status.INDETERMINATE, "stepped down"));
        pass(1_000);
        begun = slow.nanos();
        ProposalSteps early = new ProposalSteps(time);
        pass(150);
        early.committed();
        pass(1);
        early.appended();
        slow.write(1, 3, 1, begun, early, DONE);
        assertThat(lines)
                .containsExactly(
                        "Slow write: cache stock, shard 3, 1 entry, 200 ms, 0 ms of them until it was proposed to the log,"
                                + " 200 ms from then on; refused as INDETERMINATE",
                        "Slow write: cache stock, shard 3, 1 entry, 151 ms, 0 ms of them until it was proposed to the log,"
                                + " 150 ms until the log here had it, 0 ms until a majority had it,"
                                + " 1 ms until it was applied and answered");
    }

    @Test
    void aWriteThatWasRefusedUnproposedIsLoggedAsSuch() {
        long begun = slow.nanos();
        pass(200);
        slow.write(7, 3, 1, begun, null, Reply.Refused.of(Status.NO_LEADER, "none"));
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
    void theRoundTripsToOtherNodesAreLogged() {
        roundTripNanos.put(new NodeId("n3"), TimeUnit.MILLISECONDS.toNanos(402));
        roundTripNanos.put(new NodeId("n2"), 900_000L);
        long begun = slow.nanos();
        pass(410);
        slow.write(7, 3, 1, begun, null, Reply.Refused.of(Status.NO_LEADER, "none"));
        assertThat(lines)
                .containsExactly("Slow write: cache 7, shard 3, 1 entry, 410 ms, never proposed to the log;"
                        + " round trips to other nodes: n2 0 ms, n3 402 ms; refused as NO_LEADER");
    }

    @Test
    void thereIsALineASecondThatSaysHowManyWereLeftOut() {
        long begun = slow.nanos();
        pass(200);
        for (int i = 0; i < 5; i++) {
            slow.write(1, 3, 1, begun, null, DONE);
        }
        assertThat(lines).hasSize(1);
        pass(1_000);
        slow.write(1, 3, 1, begun, null, DONE);
        assertThat(lines).hasSize(2);
        assertThat(lines.get(1)).endsWith("; not logged before it: 4");
        assertThat(slow.count()).isEqualTo(6);
    }
}
