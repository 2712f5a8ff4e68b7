package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.eviction.EvictionAdvisor;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.testing.ManualReplicatedLog;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Status;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ProposerTest {

    private static final NodeId SELF = new NodeId("a");

    private final ManualReplicatedLog<Batch, List<Outcome>> log = new ManualReplicatedLog<>(SELF, Set.of(SELF));
    private final Proposer proposer = new Proposer(
            log,
            commands -> new Batch(0, 0, 0, commands),
            10,
            new EvictionAdvisor(HeapStore::new, cache -> null, new CapacityShares(() -> 1), () -> 0),
            Time.system());

    @Test
    void commandsOfOneBurstAreOneBatch() {
        List<Command> commands = List.of(new Command.Drop(1), new Command.Drop(2));
        Burst.run(() -> {
            commands.forEach(command -> proposer.propose(List.of(command)));
            assertThat(log.take()).isNull();
        });
        assertThat(log.take().entry().commands()).isEqualTo(commands);
    }

    @Test
    void aLogThatThrowsLeavesNoBatchInFlight() {
        log.fail(new IllegalStateException("broken"));
        assertThat(proposer.propose(List.of(new Command.Tick())).outcome())
                .isCompletedWithValueMatching(outcome ->
                        outcome instanceof Outcome.Refused refused && refused.status() == Status.INDETERMINATE);
        log.fail(null);
        var next = proposer.propose(List.of(new Command.Tick())).outcome();
        ManualReplicatedLog.Proposed<Batch, List<Outcome>> batch = log.take();
        assertThat(batch).isNotNull();
        batch.answer().complete(List.of(new Outcome.Done()));
        assertThat(next).isCompletedWithValue(new Outcome.Done());
    }
}
