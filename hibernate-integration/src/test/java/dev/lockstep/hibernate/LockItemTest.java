package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LockItemTest {

    private static final String A1 = LockId.of("a", 1);
    private static final String A2 = LockId.of("a", 2);
    private static final String B1 = LockId.of("b", 1);

    @Test
    void countsEveryHolderOnce() {
        LockItem item = LockItem.of(A1).with(B1).with(A2);
        assertThat(item.holders()).containsExactly(A1, B1, A2);
        assertThat(item.without(B1).without(A1)).isEqualTo(LockItem.of(A2));
        assertThat(item.without(B1).without(A1).without(A2).isEmpty()).isTrue();
    }

    @Test
    void takesNothingFromOthers() {
        assertThat(LockItem.of(A1).without(A2)).isEqualTo(LockItem.of(A1));
    }

    @Test
    void keepsThoseThatLive() {
        LockItem item = LockItem.of(A1).with(B1).with(A2);
        assertThat(item.livingBy(Set.of("a"))).isEqualTo(new LockItem(List.of(A1, A2)));
        assertThat(item.livingBy(Set.of()).isEmpty()).isTrue();
    }

    @Test
    void isReadBackAsItWasWritten() {
        for (LockItem item :
                List.of(LockItem.parse(""), LockItem.of(A1), LockItem.of(A1).with(B1))) {
            assertThat(LockItem.parse(item.text())).isEqualTo(item);
        }
    }

    @Test
    void aTableIsBeingWrittenUntilTheLastHasEnded() {
        SpaceStamp stamp = SpaceStamp.NEVER.writtenBy(A1).writtenBy(B1);
        stamp = stamp.endedAt(9, stamp.writers().without(B1));
        assertThat(stamp.isBeingWritten()).isTrue();
        stamp = stamp.endedAt(7, stamp.writers().without(A1));
        assertThat(stamp.isBeingWritten()).isFalse();
        assertThat(stamp.last()).as("a stamp that comes late").isEqualTo(9);
        assertThat(SpaceStamp.parse(stamp.text())).isEqualTo(stamp);
        assertThat(SpaceStamp.parse(SpaceStamp.NEVER.writtenBy(A1).text())).isEqualTo(SpaceStamp.NEVER.writtenBy(A1));
    }
}
