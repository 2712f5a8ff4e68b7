package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.checkpoint.Checkpointed;
import dev.lockstep.cluster.consensus.BytesMachine;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ReplicatedLogContract;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One node, whose groups need no other replica. */
class ParallelGroupOpeningTest {

    @TempDir
    Path home;

    @Test
    void aGroupIsServedWhileAnotherIsStillReadFromTheDisk() throws Exception {
        List<Member> members = RaftMember.members(MemberPorts.reserve(1));
        Member self = members.get(0);
        List<NodeId> replicas = List.of(self.id());
        CountDownLatch slow = new CountDownLatch(1);
        try (RaftMember member =
                new RaftMember(RaftMember.settings("c", self, members, home, Duration.ofMillis(300)))) {
            ReplicatedLog<byte[], RecordingMachine.Entry> held =
                    member.consensus().open(0, replicas, new SlowlyRestored(slow));
            ReplicatedLog<byte[], RecordingMachine.Entry> other =
                    member.consensus().open(1, replicas, new RecordingMachine());
            Eventually.holds("the other leads", () -> other.leadership().ready());
            assertThat(ReplicatedLogContract.answer(other.propose(ReplicatedLogContract.bytes("served")))
                            .text())
                    .isEqualTo("served");
            assertThat(held.leadership().leader()).isNull();
            slow.countDown();
            Eventually.holds("it leads too", () -> held.leadership().ready());
        }
    }

    /** Takes its time before it can be restored. */
    private static final class SlowlyRestored implements BytesMachine<RecordingMachine.Entry> {

        private final RecordingMachine machine = new RecordingMachine();
        private final CountDownLatch gate;

        SlowlyRestored(CountDownLatch gate) {
            this.gate = gate;
        }

        @Override
        public Checkpointed.@Nullable Durable durable() {
            try {
                gate.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            return machine.durable();
        }

        @Override
        public Image image() {
            return machine.image();
        }

        @Override
        public Restoration restoration() {
            return machine.restoration();
        }

        @Override
        public RecordingMachine.Entry apply(long position, byte[] entry) {
            return machine.apply(position, entry);
        }

        @Override
        public void leadershipChanged() {
            machine.leadershipChanged();
        }
    }
}
