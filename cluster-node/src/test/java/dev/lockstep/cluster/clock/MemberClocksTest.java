package dev.lockstep.cluster.clock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MemberClocksTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final List<NodeId> ALL = List.of(A, B, C);

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final MemberClocks clocks = new MemberClocks(A, () -> ALL, peers, world);

    private void answer(NodeId peer, long aheadMillis) {
        peers.answer(peers.of(peer).get(0), new Reply.Clock(world.millis() + aheadMillis, List.of()));
    }

    private void hear(long aheadOfB, long aheadOfC) {
        clocks.tick();
        answer(B, aheadOfB);
        answer(C, aheadOfC);
        judge();
    }

    private void judge() {
        world.pass(Duration.ofMillis(100));
        clocks.tick();
    }

    private long reachedAhead() {
        return clocks.of(ALL).reachedNanos() / 1_000_000 - world.millis();
    }

    @Test
    void fewerThanAMajoritySayNothing() {
        clocks.tick();
        assertThat(clocks.of(ALL)).isNull();
        answer(B, 0);
        assertThat(clocks.of(ALL)).isNotNull();
        assertThat(clocks.of(List.of(A))).isNotNull();
    }

    @Test
    void aClockWasReadAtSomeTimeBetweenQuestionAndAnswer() {
        clocks.tick();
        world.pass(Duration.ofMillis(500));
        answer(B, -400);
        answer(C, -400);
        assertThat(reachedAhead()).isEqualTo(-400);
        assertThat(clocks.of(ALL).notPassedNanos() / 1_000_000 - world.millis()).isEqualTo(100);
    }

    @Test
    void anAnswerThatTookTooLongSaysNothing() {
        clocks.tick();
        world.pass(Duration.ofMillis(501));
        answer(B, 0);
        answer(C, 0);
        assertThat(clocks.of(ALL)).isNull();
    }

    @Test
    void aPeerIsAskedEverySecondAndSoonerWhileItIsNotHeard() {
        clocks.tick();
        clocks.tick();
        assertThat(peers.of(B)).hasSize(1);
        world.pass(Duration.ofMillis(100));
        clocks.tick();
        assertThat(peers.of(B)).hasSize(2);
        answer(B, 0);
        world.pass(Duration.ofMillis(900));
        clocks.tick();
        assertThat(peers.of(B)).hasSize(1);
        world.pass(Duration.ofMillis(100));
        clocks.tick();
        assertThat(peers.of(B)).hasSize(2);
    }

    @Test
    void aRoundTripIsThatOfTheLastAnswerOrAsLongAsTheNextHasBeenWaitedFor() {
        assertThat(clocks.roundTripNanos()).containsExactly(Map.entry(B, 0L), Map.entry(C, 0L));
        clocks.tick();
        world.pass(Duration.ofMillis(30));
        answer(B, 0);
        world.pass(Duration.ofMillis(600));
        assertThat(clocks.roundTripNanos()).containsExactly(Map.entry(B, 30_000_000L), Map.entry(C, 630_000_000L));
        answer(C, 0);
        assertThat(clocks.roundTripNanos()).containsEntry(C, 630_000_000L);
        world.pass(Duration.ofMillis(970));
        clocks.tick();
        assertThat(clocks.roundTripNanos()).containsEntry(B, 30_000_000L);
        world.pass(Duration.ofMillis(31));
        assertThat(clocks.roundTripNanos()).containsEntry(B, 31_000_000L);
    }

    @Test
    void anOldAnswerDoesNotCount() {
        clocks.tick();
        answer(B, 0);
        answer(C, 0);
        world.pass(Duration.ofMillis(2_999));
        assertThat(clocks.of(ALL)).isNotNull();
        world.pass(Duration.ofMillis(1));
        assertThat(clocks.of(ALL)).isNull();
    }

    @Test
    void theLatestTimeOfALogOfWhichAnotherHasSaidCounts() {
        clocks.tick();
        assertThat(clocks.logTimeMillis(3)).isZero();
        peers.answer(peers.of(B).get(0), new Reply.Clock(world.millis(), List.of(new Reply.Clock.LogTime(3, 5_000))));
        peers.answer(peers.of(C).get(0), new Reply.Clock(world.millis(), List.of(new Reply.Clock.LogTime(3, 4_000))));
        world.pass(Duration.ofMillis(100));
        assertThat(clocks.logTimeMillis(3)).isEqualTo(5_100);
        assertThat(clocks.logTimeMillis(4)).isZero();
        world.pass(Duration.ofSeconds(3));
        assertThat(clocks.logTimeMillis(3)).isZero();
    }

    @Test
    void aNodeThatHearsNoMemberTakesItsClockForWhatItWasLastSeenToBe() {
        hear(-5_000, -5_000);
        assertThat(clocks.isOff()).isTrue();
        world.pass(Duration.ofSeconds(60));
        clocks.tick();
        assertThat(clocks.isOff()).isTrue();
    }

    @Test
    void aClockBeyondAllTimeIsOneThatIsWrong() {
        clocks.tick();
        peers.answer(peers.of(B).get(0), new Reply.Clock(Long.MAX_VALUE, List.of()));
        answer(C, 0);
        assertThat(reachedAhead()).isZero();
    }

    @Test
    void aNodeWhoseClockIsOffKnowsIt() {
        hear(0, 0);
        assertThat(clocks.isOff()).isFalse();
        assertThat(clocks.note()).isEmpty();
        world.pass(Duration.ofSeconds(1));
        hear(-5_000, -5_000);
        assertThat(clocks.isOff()).isTrue();
        assertThat(clocks.note()).isEqualTo("its node's clock is 5 s ahead of what most members' clocks say");
        world.pass(Duration.ofSeconds(1));
        hear(0, 60_000);
        assertThat(clocks.isOff()).isFalse();
    }

    @Test
    void oneOtherClockAloneCannotCallThisOneOff() {
        clocks.tick();
        answer(B, 3_600_000);
        judge();
        assertThat(clocks.isOff()).isFalse();
    }
}
