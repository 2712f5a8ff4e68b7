package dev.lockstep.cluster.consensus.recovery;

import static dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity.CATCHING_UP;
import static dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity.INTACT;
import static dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity.LOST;
import static dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity.NEW;
import static dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity.TRUNCATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Decision;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Decision.Begin;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Decision.FindLost;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Decision.Wait;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("slow")
class RejoinProtocolTest {

    private static final List<String> OTHERS = List.of("n2", "n3");
    private static final int SEEDS = 3_000;
    private static final int STEPS = 1_500;

    private static Decision decide(ReplicaIntegrity own, Map<String, RejoinState> answers) {
        return RejoinProtocol.decide(new RejoinState(own, own == TRUNCATED ? 5 : 0), OTHERS, answers, Set.of());
    }

    private static RejoinState rejoinState(ReplicaIntegrity integrity, long term) {
        return new RejoinState(integrity, term);
    }

    @Test
    void oneThatLostEverythingBeginsAboveAllOthersAndDoesNotVote() {
        assertThat(decide(LOST, Map.of("n2", rejoinState(INTACT, 7), "n3", rejoinState(INTACT, 9))))
                .isEqualTo(new Begin(10, false));
    }

    @Test
    void aRejoiningReplicaWaitsForEachPeer() {
        assertThat(decide(LOST, Map.of("n2", rejoinState(INTACT, 7))))
                .isInstanceOfSatisfying(
                        Wait.class, wait -> assertThat(wait.why()).contains("[n3] did not answer yet"));
    }

    @Test
    void aRejoiningReplicaWaitsWhileNoMajorityIsIntact() {
        for (ReplicaIntegrity integrity : List.of(LOST, NEW, CATCHING_UP, TRUNCATED)) {
            assertThat(decide(LOST, Map.of("n2", rejoinState(INTACT, 7), "n3", rejoinState(integrity, 1))))
                    .isInstanceOfSatisfying(
                            Wait.class, wait -> assertThat(wait.why()).contains("lockstep shard recover"));
        }
    }

    @Test
    void onesThatLackOnlyTheLastBeginWithWhatTheyHave() {
        assertThat(decide(TRUNCATED, Map.of("n2", rejoinState(TRUNCATED, 7), "n3", rejoinState(TRUNCATED, 3))))
                .isEqualTo(new Begin(8, true));
        assertThat(RejoinProtocol.decide(rejoinState(TRUNCATED, 5), List.<String>of(), Map.of(), Set.of()))
                .isEqualTo(new Begin(6, true));
        assertThat(decide(TRUNCATED, Map.of("n2", rejoinState(TRUNCATED, 7), "n3", rejoinState(LOST, 0))))
                .isInstanceOf(Wait.class);
    }

    @Test
    void oneThatLacksTheLastDoesNotVoteIfTheOthersHaveIt() {
        assertThat(decide(TRUNCATED, Map.of("n2", rejoinState(INTACT, 4), "n3", rejoinState(INTACT, 3))))
                .isEqualTo(new Begin(6, false));
    }

    @Test
    void newOnesBeginWhenAllAreNew() {
        RejoinState none = rejoinState(NEW, 0);
        Map<String, RejoinState> answers = Map.of("n2", none, "n3", rejoinState(INTACT, 1));
        assertThat(RejoinProtocol.decide(none, OTHERS, answers, Set.of("n2"))).isEqualTo(new FindLost());
        assertThat(RejoinProtocol.decide(none, OTHERS, answers, Set.of("n2", "n3")))
                .isEqualTo(new Begin(0, true));
        assertThat(RejoinProtocol.decide(none, OTHERS, Map.of("n2", none), Set.of("n2")))
                .isInstanceOfSatisfying(
                        Wait.class, wait -> assertThat(wait.why()).contains("[n3] did not answer yet"));
        assertThat(RejoinProtocol.decide(none, List.<String>of(), Map.of(), Set.of()))
                .isEqualTo(new Begin(0, true));
    }

    @Test
    void aStandingGoesOverTheWire() {
        WireWriter out = new WireWriter(16);
        rejoinState(CATCHING_UP, 1L << 40).write(out);
        assertThat(RejoinState.read(new WireReader(out.toByteArray()))).isEqualTo(rejoinState(CATCHING_UP, 1L << 40));
        assertThatThrownBy(() -> RejoinState.read(new WireReader(new byte[] {17, 0, 0, 0, 0, 0, 0, 0, 0})))
                .isInstanceOf(MalformedFrameException.class);
    }

    @Test
    void nothingCommittedIsLostWhileFewerThanHalfForget() {
        long committed = 0;
        long begunAgain = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            RejoinModel model = new RejoinModel(seed, seed % 2 == 0 ? 3 : 5, Set.of());
            model.run(STEPS);
            committed += model.committed();
            begunAgain += model.begunAgain();
        }
        assertThat(committed).isGreaterThan(10 * SEEDS);
        assertThat(begunAgain).isGreaterThan(SEEDS);
    }

    @ParameterizedTest
    @EnumSource
    void theModelNotices(RejoinModel.Defect defect) {
        assertThatThrownBy(() -> {
                    for (int seed = 0; seed < 20 * SEEDS; seed++) {
                        new RejoinModel(seed, seed % 2 == 0 ? 3 : 5, EnumSet.of(defect)).run(STEPS);
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("lead");
    }
}
