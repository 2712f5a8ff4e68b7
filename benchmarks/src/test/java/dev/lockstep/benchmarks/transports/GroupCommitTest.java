package dev.lockstep.benchmarks.transports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.ManualReplicatedLog;
import dev.lockstep.protocol.topology.NodeId;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

class GroupCommitTest {

    private final ManualReplicatedLog<byte[], Long> log =
            new ManualReplicatedLog<>(new NodeId("n1"), Set.of(new NodeId("n1")));
    private final LongAdder rounds = new LongAdder();
    private final GroupCommit group = new GroupCommit(log, rounds);

    @Test
    void commandsThatWaitDuringABatchFormTheNext() {
        var first = group.put();
        ManualReplicatedLog.Proposed<byte[], Long> batch = log.take();
        assertThat(batch.entry()).hasSize(GroupCommit.PUT_BYTES);
        var second = group.put();
        var third = group.put();
        assertThat(log.take()).isNull();

        batch.answer().complete(1L);

        assertThat(first).isCompletedWithValue(1L);
        assertThat(second).isNotDone();
        ManualReplicatedLog.Proposed<byte[], Long> next = log.take();
        assertThat(next.entry()).hasSize(2 * GroupCommit.PUT_BYTES);
        next.answer().complete(2L);
        assertThat(second).isCompletedWithValue(2L);
        assertThat(third).isCompletedWithValue(2L);
        assertThat(rounds.sum()).isEqualTo(2);
    }

    @Test
    void aFailedBatchFailsItsPutsAndHoldsUpNoOther() {
        var first = group.put();
        var second = group.put();

        log.take().answer().completeExceptionally(new IllegalStateException("no leader"));

        assertThat(first).isCompletedExceptionally();
        log.take().answer().complete(1L);
        assertThat(second).isCompletedWithValue(1L);
    }
}
