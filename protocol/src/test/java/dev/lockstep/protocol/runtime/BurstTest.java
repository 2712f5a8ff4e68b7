package dev.lockstep.protocol.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BurstTest {

    private final List<String> done = new ArrayList<>();
    private final Runnable flush = () -> done.add("flush");

    @Test
    void aTaskRunsAtOnceWithoutABurst() {
        Burst.atEnd(flush);
        assertThat(done).containsExactly("flush");
    }

    @Test
    void aTaskLeftToTheEndSeveralTimesRunsOnce() {
        Burst.run(() -> {
            Burst.atEnd(flush);
            Burst.atEnd(flush);
            done.add("work");
        });
        assertThat(done).containsExactly("work", "flush");
    }

    @Test
    void aBurstWithinABurstIsAPartOfIt() {
        Burst.run(() -> {
            Burst.run(() -> Burst.atEnd(flush));
            done.add("work");
        });
        assertThat(done).containsExactly("work", "flush");
    }

    @Test
    void aTaskCanLeaveTasksToTheEndAlsoItself() {
        Burst.run(() -> {
            Burst.atEnd(flush);
            Burst.atEnd(() -> {
                done.add("propose");
                Burst.atEnd(flush);
            });
        });
        assertThat(done).containsExactly("flush", "propose", "flush");
    }

    @Test
    void tasksRunBeforeTheThreadWaits() {
        Burst.run(() -> {
            Burst.atEnd(flush);
            Burst.flush();
            done.add("wait");
        });
        assertThat(done).containsExactly("flush", "wait");
    }

    @Test
    void tasksRunAfterWorkAndTasksThatFail() {
        assertThatThrownBy(() -> Burst.run(() -> {
                    Burst.atEnd(flush);
                    throw new IOException("work");
                }))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Burst.run(() -> {
                    Burst.atEnd(() -> {
                        throw new IllegalStateException("task");
                    });
                    Burst.atEnd(flush);
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(done).containsExactly("flush", "flush");
        Burst.atEnd(flush);
        assertThat(done).hasSize(3);
    }
}
