package dev.lockstep.cluster.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.memory.NodeMemory.Room;
import dev.lockstep.cluster.store.StoreMemory;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NodeMemoryTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final Set<NodeId> ALL = Set.of(A, B, C);
    private static final long MIB = 1 << 20;

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final StoreMemory stored = new StoreMemory(Long.MAX_VALUE);
    private final NodeMemory memory = new NodeMemory(
            A, new MemoryBudget(200 * MIB, 100 * MIB, true), stored, () -> List.of(A, B, C), peers, world);

    private void says(NodeId peer, long used, long budget) {
        peers.answer(peers.of(peer).get(0), new Reply.Memory(used, budget));
    }

    private Room room(long growth) {
        return memory.room(ALL, growth, Math.max(0, growth));
    }

    @Test
    void thereIsRoomUpToTheBudget() {
        stored.stored(99 * MIB);
        assertThat(room(MIB)).isEqualTo(Room.FREE);
        assertThat(room(MIB + 1)).isEqualTo(Room.NONE);
        assertThat(room(-1)).isEqualTo(Room.FREE);
        stored.stored(50 * MIB);
        assertThat(room(0)).isEqualTo(Room.FREE);
        assertThat(room(1)).isEqualTo(Room.NONE);
        assertThat(memory.full(ALL)).contains("node a", "100 MiB", "limits.memory");
        assertThat(memory.refused()).isEqualTo(1);
    }

    @Test
    void anotherMemberThatIsFullCounts() {
        memory.tick();
        says(B, 10 * MIB, 11 * MIB);
        says(C, 0, Long.MAX_VALUE);
        assertThat(room(MIB)).isEqualTo(Room.FREE);
        assertThat(room(MIB + 1)).isEqualTo(Room.NONE);
        assertThat(memory.full(ALL)).contains("node b", "11 MiB");
        assertThat(memory.room(Set.of(A, C), 2 * MIB, 2 * MIB)).isEqualTo(Room.FREE);
    }

    @Test
    void whatWasAddedHereSinceAMemberHasAnsweredIsTakenToBeThereToo() {
        stored.stored(5 * MIB);
        memory.tick();
        says(B, 5 * MIB, 10 * MIB);
        stored.stored(4 * MIB);
        assertThat(room(2 * MIB)).isEqualTo(Room.NONE);
        stored.stored(-4 * MIB);
        assertThat(room(2 * MIB)).isEqualTo(Room.FREE);
    }

    @Test
    void aMemberThatIsOutOfTouchDoesNotCount() {
        memory.tick();
        says(B, 10 * MIB, 10 * MIB);
        assertThat(room(1)).isEqualTo(Room.NONE);
        world.pass(Duration.ofSeconds(5));
        assertThat(room(1)).isEqualTo(Room.FREE);
    }

    @Test
    void membersAreAskedOnceASecond() {
        memory.tick();
        memory.tick();
        assertThat(peers.of(B)).hasSize(1);
        world.pass(Duration.ofSeconds(1));
        memory.tick();
        assertThat(peers.of(B)).hasSize(2);
        assertThat(peers.of(A)).isEmpty();
    }

    @Test
    void whatWaitsForALogLeavesRoomSoon() {
        stored.stored(95 * MIB);
        memory.begins(4 * MIB);
        assertThat(room(2 * MIB)).isEqualTo(Room.SOON);
        memory.ends(4 * MIB);
        assertThat(room(2 * MIB)).isEqualTo(Room.FREE);
    }

    @Test
    void onlySoManyBytesWait() {
        assertThat(room(50 * MIB)).isEqualTo(Room.FREE);
        memory.begins(12 * MIB);
        assertThat(room(MIB)).isEqualTo(Room.SOON);
    }

    @Test
    void whatACheckpointStillNeedsLeavesRoomSoon() {
        stored.stored(90 * MIB);
        stored.aside(22 * MIB);
        assertThat(room(MIB)).isEqualTo(Room.SOON);
        stored.stored(-20 * MIB);
        assertThat(room(MIB)).isEqualTo(Room.FREE);
    }

    @Test
    void boundedCachesGiveWayFromNineTenthsOn() {
        stored.stored(90 * MIB);
        assertThat(memory.excess(ALL)).isZero();
        stored.stored(MIB);
        assertThat(memory.excess(ALL)).isEqualTo(MIB);
        memory.tick();
        says(B, 50 * MIB, 50 * MIB);
        assertThat(memory.excess(ALL)).isEqualTo(5 * MIB);
    }

    @Test
    void aStoreThatKeepsWhatFitsRefusesNothing() {
        NodeMemory rocks = new NodeMemory(
                A, new MemoryBudget(200 * MIB, 100 * MIB, false), stored, () -> List.of(A), peers, world);
        stored.stored(150 * MIB);
        assertThat(rocks.room(ALL, MIB, MIB)).isEqualTo(Room.FREE);
        assertThat(rocks.excess(ALL)).isZero();
        assertThat(rocks.describe()).isEqualTo(new Reply.Memory(0, Long.MAX_VALUE));
    }

    @Test
    void aMemberThatRefusesNothingAlwaysHasRoom() {
        stored.stored(50 * MIB);
        memory.tick();
        says(B, 0, Long.MAX_VALUE);
        stored.stored(-20 * MIB);
        assertThat(room(MIB)).isEqualTo(Room.FREE);
        assertThat(memory.excess(ALL)).isZero();
    }

    @Test
    void whatIsKeptOfChangesFollowsTheHeap() {
        assertThat(new MemoryBudget(4L << 30, MIB, true).changesBytes(8, 4 * MIB))
                .isEqualTo(4 * MIB);
        assertThat(new MemoryBudget(128 * MIB, MIB, true).changesBytes(8, 4 * MIB))
                .isEqualTo(MIB / 2);
        assertThat(new MemoryBudget(128 * MIB, MIB, true).changesBytes(4_096, 4 * MIB))
                .isEqualTo(64 << 10);
    }
}
