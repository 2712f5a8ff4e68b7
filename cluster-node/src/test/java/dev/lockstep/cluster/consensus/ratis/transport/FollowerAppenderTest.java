package dev.lockstep.cluster.consensus.ratis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Time;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One appender, whose leader and follower are played. */
class FollowerAppenderTest {

    private final ScriptedLeader leader = new ScriptedLeader();

    @AfterEach
    void close() {
        leader.close();
    }

    private void answerAll() {
        while (leader.answer()) {
            assertThat(leader.wrong()).isNull();
        }
    }

    @Test
    void appendedEntriesAreSentAndCommitted() {
        for (int i = 0; i < 100; i++) {
            leader.append();
        }
        answerAll();
        assertThat(leader.received()).hasSize(100).isSorted().doesNotHaveDuplicates();
        assertThat(leader.committed).hasValue(99);
    }

    @Test
    void aCommitIsToldByTheAppendThatFollowsInItsBurst() {
        leader.append();
        Burst.run(() -> {
            assertThat(leader.answer()).isTrue();
            assertThat(leader.committed).hasValue(0);
            leader.append();
        });
        assertThat(leader.answer()).isTrue();
        assertThat(leader.received()).as("what it is told first").containsExactly(0L, 1L);
        assertThat(leader.toldCommit()).isZero();
    }

    @Test
    void aCommitThatNoAppendFollowsIsToldAlone() throws Exception {
        leader.append();
        Burst.run(() -> assertThat(leader.answer()).isTrue());
        Eventually.holds("it is told", () -> {
            leader.tick();
            leader.answer();
            return leader.toldCommit() == 0;
        });
        assertThat(leader.received()).containsExactly(0L);
    }

    @Test
    void aFailingLoggerNeitherStopsItNorReachesItsCaller() throws Exception {
        leader.append();
        leader.closed.set(new IllegalStateException("The log is closed"));
        leader.append();
        Eventually.holds("it goes on", () -> {
            leader.tick();
            answerAll();
            return leader.received().containsAll(List.of(0L, 1L));
        });
    }

    @Test
    void anEntryThatCouldNotBeReadOnceIsSentLater() throws Exception {
        leader.unreadable.set(15);
        for (int i = 0; i < 20; i++) {
            leader.append();
        }
        Eventually.holds("it goes on", () -> {
            leader.tick();
            answerAll();
            return leader.received().contains(19L);
        });
    }

    @Test
    void aFollowerThatIsFarBehindIsSentEntriesAtTheRateOfTheNode() throws Exception {
        int entries = 6_000; // in five appends or so, of 8 KB each
        try (ScriptedLeader slow = new ScriptedLeader(new ByteRate(40_000, 0, Time.system()))) {
            for (int i = 0; i < entries; i++) {
                slow.append();
            }
            long began = System.nanoTime();
            Eventually.holds("it is sent all without a tick", () -> {
                while (slow.answer()) {
                    assertThat(slow.wrong()).isNull();
                }
                return slow.received().size() == entries;
            });
            assertThat(System.nanoTime() - began).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(300));
            assertThat(slow.received()).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void aFollowerThatHasEverythingIsKnownToHaveIt() throws Exception {
        leader.append();
        leader.committed.set(0);
        assertThat(leader.loseAnswer()).isTrue();
        Eventually.holds("it is asked again", () -> {
            leader.tick();
            return leader.answerThatItIsThere();
        });
        assertThat(leader.follower.getMatchIndex()).isZero();
        assertThat(leader.follower.getNextIndex()).isEqualTo(1);
    }

    @Test
    void aFollowerThatRefusesWhatItAsksForIsLeftAloneForAWhile() throws Exception {
        leader.append();
        for (int times = 0; times < 4; times++) {
            Eventually.holds("it is sent the entry", () -> {
                leader.tick();
                return leader.refuse();
            });
        }
        assertThat(leader.answer()).as("it is sent the entry again at once").isFalse();
        Eventually.holds("it is sent the entry again", () -> {
            leader.tick();
            answerAll();
            return leader.committed.get() == 0;
        });
    }
}
