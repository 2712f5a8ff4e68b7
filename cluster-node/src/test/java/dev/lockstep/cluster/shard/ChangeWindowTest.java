package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.EntryChange.Kind;
import dev.lockstep.protocol.wire.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeWindowTest {

    private static final int CACHE = 1;

    private final ChangeWindow window = new ChangeWindow(Runnable::run);
    private final List<Reply> told = new ArrayList<>();

    private static CacheChange change(int bytes) {
        Bytes value = Bytes.of(new byte[bytes]);
        return new CacheChange(CACHE, new EntryChange(Kind.CREATED, Bytes.utf8("key"), value, null, 1));
    }

    private void subscribe(long after) {
        window.subscribe(CACHE, after, told::add);
    }

    @Test
    void changesBeyondTheBoundsAreDroppedWithAGap() {
        window.applied(1, List.of(change(1)));
        window.applied(2, Collections.nCopies(ChangeWindow.MAX_CHANGES, change(1)));
        subscribe(0);
        assertThat(told).containsExactly(new Reply.Gap(1));
        window.applied(3, List.of(change((int) ChangeWindow.MAX_BYTES)));
        told.clear();
        subscribe(1);
        assertThat(told).containsExactly(new Reply.Gap(2));
        told.clear();
        subscribe(2);
        assertThat(told).hasSize(2).first().isEqualTo(new Reply.Subscribed(2));
    }

    @Test
    void manyLargeChangesOfOnePositionComeInPartsAndOnlyTheLastReachesIt() {
        subscribe(-1);
        window.applied(7, Collections.nCopies(5, change(ChangeWindow.MAX_REPLY_BYTES / 2)));
        assertThat(told.subList(1, told.size()))
                .extracting(reply -> ((Reply.Changes) reply).position())
                .startsWith(6L)
                .endsWith(7L)
                .containsOnlyOnce(7L);
        assertThat(told.subList(1, told.size()))
                .flatExtracting(reply -> ((Reply.Changes) reply).changes())
                .hasSize(5);
    }

    @Test
    void changesReceivedFromAnotherReplicaAreNotRepeated() {
        subscribe(5);
        window.applied(4, List.of(change(1)));
        window.applied(5, List.of(change(1)));
        window.applied(6, List.of(change(1)));
        assertThat(told).hasSize(2);
        assertThat(((Reply.Changes) told.get(1)).position()).isEqualTo(6);
    }

    @Test
    void theThreadThatAppliesTellsNobodyUnlessTooMuchIsUntold() {
        Deque<Runnable> later = new ArrayDeque<>();
        ChangeWindow own = new ChangeWindow(later::add);
        own.subscribe(CACHE, -1, told::add);
        told.clear();
        int quarter = (int) ChangeWindow.MAX_UNTOLD_BYTES / 4;
        for (int position = 1; position <= 3; position++) {
            own.applied(position, List.of(change(quarter)));
        }
        assertThat(told).isEmpty();
        assertThat(later).hasSize(1);
        later.remove().run();
        assertThat(told).extracting(reply -> ((Reply.Changes) reply).position()).containsExactly(1L, 2L, 3L);
        told.clear();
        for (int position = 4; position <= 7; position++) {
            own.applied(position, List.of(change(quarter)));
        }
        assertThat(told).extracting(reply -> ((Reply.Changes) reply).position()).containsExactly(4L, 5L, 6L, 7L);
        assertThat(later).hasSize(1);
        later.remove().run();
        assertThat(told).hasSize(4);
    }

    @Test
    void whoJoinsWhileChangesAreUntoldHearsEachOnce() {
        Deque<Runnable> later = new ArrayDeque<>();
        ChangeWindow own = new ChangeWindow(later::add);
        own.subscribe(CACHE, -1, reply -> {});
        own.applied(1, List.of(change(1)));
        own.applied(2, List.of(change(1)));
        own.subscribe(CACHE, 1, told::add);
        own.applied(3, List.of(change(1)));
        later.remove().run();
        assertThat(told.subList(1, told.size()))
                .extracting(reply -> ((Reply.Changes) reply).position())
                .containsExactly(2L, 3L);
    }

    @Test
    void nothingWaitsToBeToldOnceTheLastSubscriberIsGone() {
        Deque<Runnable> later = new ArrayDeque<>();
        ChangeWindow own = new ChangeWindow(later::add);
        own.applied(1, List.of(change(1)));
        assertThat(later).isEmpty();
        own.subscribe(CACHE, -1, told::add).run();
        own.applied(2, List.of(change(1)));
        assertThat(later).isEmpty();
        assertThat(told).containsExactly(new Reply.Subscribed(1));
    }

    @Test
    void aChangeIsOneReplyHoweverManySubscribersThereAre() {
        List<List<Reply>> heard = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            List<Reply> own = new ArrayList<>();
            heard.add(own);
            window.subscribe(CACHE, -1, own::add);
        }
        window.applied(1, List.of(change(1)));
        Reply first = heard.get(0).get(1);
        assertThat(first).isInstanceOf(Reply.Changes.class);
        assertThat(heard).allSatisfy(own -> {
            assertThat(own).hasSize(2);
            assertThat(own.get(1)).isSameAs(first);
        });
    }
}
