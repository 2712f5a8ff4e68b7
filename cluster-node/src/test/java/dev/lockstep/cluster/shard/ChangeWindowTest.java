package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.EntryChange.Kind;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.Versions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ChangeWindowTest {

    private static final int CACHE = 1;

    private final ChangeWindow window = new ChangeWindow(Runnable::run, ChangeWindow.MAX_BYTES);
    private final List<Reply> told = new ArrayList<>();

    private static CacheChange change(int bytes) {
        return change(CACHE, 1, bytes);
    }

    private static CacheChange change(int cacheId, long version, int bytes) {
        Bytes value = Bytes.of(new byte[bytes]);
        return new CacheChange(cacheId, new EntryChange(Kind.CREATED, Bytes.utf8("key"), value, null, version));
    }

    private static Reply missed(long oldest) {
        return new Reply.Changes(oldest, List.of(), List.of(new Reply.Changes.Missed(CACHE, Versions.lastAt(oldest))));
    }

    private void subscribe(long after) {
        window.subscribe(Map.of(CACHE, after), List.of(), told::add);
    }

    @Test
    void changesBeyondTheBoundsAreDroppedAndMissed() {
        window.applied(1, List.of(change(1)));
        window.applied(2, Collections.nCopies(ChangeWindow.MAX_CHANGES, change(1)));
        subscribe(0);
        assertThat(told.subList(0, 2)).containsExactly(new Reply.Subscribed(2, List.of()), missed(1));
        window.applied(3, List.of(change((int) ChangeWindow.MAX_BYTES)));
        told.clear();
        subscribe(1);
        assertThat(told.subList(0, 2)).containsExactly(new Reply.Subscribed(3, List.of()), missed(2));
        told.clear();
        subscribe(2);
        assertThat(told).hasSize(2).first().isEqualTo(new Reply.Subscribed(3, List.of()));
        assertThat(window.gaps()).isEqualTo(2);
        assertThat(window.subscriptions()).isEqualTo(3);
    }

    @Test
    void manyLargeChangesOfOnePositionComeInPartsAndOnlyTheLastReachesIt() {
        subscribe(-1);
        window.applied(
                7,
                LongStream.range(0, 5)
                        .mapToObj(version -> change(CACHE, version, ChangeWindow.MAX_REPLY_BYTES / 2))
                        .toList());
        assertThat(told.subList(1, told.size()))
                .extracting(reply -> ((Reply.Changes) reply).position())
                .startsWith(6L)
                .endsWith(7L)
                .containsOnlyOnce(7L);
        assertThat(told.subList(1, told.size()))
                .flatExtracting(reply -> ((Reply.Changes) reply).caches().get(0).changes())
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
    void theThreadThatAppliesNotifiesNoSubscriberUnlessTooMuchIsWaiting() {
        Deque<Runnable> later = new ArrayDeque<>();
        ChangeWindow own = new ChangeWindow(later::add, ChangeWindow.MAX_BYTES);
        own.subscribe(Map.of(CACHE, -1L), List.of(), told::add);
        told.clear();
        int quarter = (int) (ChangeWindow.MAX_UNTOLD_WINDOWS * ChangeWindow.MAX_BYTES / 4);
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
    void aSubscriberThatJoinsWhileChangesAreUnsentReceivesEachOnce() {
        Deque<Runnable> later = new ArrayDeque<>();
        ChangeWindow own = new ChangeWindow(later::add, ChangeWindow.MAX_BYTES);
        own.subscribe(Map.of(CACHE, -1L), List.of(), reply -> {});
        own.applied(1, List.of(change(1)));
        own.applied(2, List.of(change(1)));
        own.subscribe(Map.of(CACHE, 1L), List.of(), told::add);
        own.applied(3, List.of(change(1)));
        later.remove().run();
        assertThat(told.subList(1, told.size()))
                .extracting(reply -> ((Reply.Changes) reply).position())
                .containsExactly(2L, 3L);
    }

    @Test
    void nothingWaitsToBeToldOnceTheLastSubscriberIsGone() {
        Deque<Runnable> later = new ArrayDeque<>();
        ChangeWindow own = new ChangeWindow(later::add, ChangeWindow.MAX_BYTES);
        own.applied(1, List.of(change(1)));
        assertThat(later).isEmpty();
        own.subscribe(Map.of(CACHE, -1L), List.of(), told::add).run();
        assertThat(own.subscriptions()).isZero();
        own.applied(2, List.of(change(1)));
        assertThat(later).isEmpty();
        assertThat(told).containsExactly(new Reply.Subscribed(1, List.of()));
    }

    @Test
    void aChangeIsOneReplyHoweverManySubscribersThereAre() {
        List<List<Reply>> heard = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            List<Reply> own = new ArrayList<>();
            heard.add(own);
            window.subscribe(Map.of(CACHE, -1L), List.of(), own::add);
        }
        window.applied(1, List.of(change(1)));
        Reply first = heard.get(0).get(1);
        assertThat(first).isInstanceOf(Reply.Changes.class);
        assertThat(heard).allSatisfy(own -> {
            assertThat(own).hasSize(2);
            assertThat(own.get(1)).isSameAs(first);
        });
    }

    @Test
    void changesOfOneVersionAreNotParted() {
        subscribe(-1);
        window.applied(
                7, List.of(change(CACHE, 1, ChangeWindow.MAX_REPLY_BYTES), change(CACHE, 1, 1), change(CACHE, 2, 1)));
        assertThat(told.subList(1, told.size()))
                .extracting(reply ->
                        ((Reply.Changes) reply).caches().get(0).changes().size())
                .containsExactly(2, 1);
    }

    @Test
    void aCacheWithChangesInTheFirstPartAloneReachesThePositionToo() {
        window.subscribe(Map.of(CACHE, -1L, 2, -1L), List.of(), told::add);
        window.applied(7, List.of(change(CACHE, 1, ChangeWindow.MAX_REPLY_BYTES), change(2, 2, 1)));
        Reply.Changes last = (Reply.Changes) told.get(told.size() - 1);
        assertThat(last.position()).isEqualTo(7);
        assertThat(last.caches()).extracting(Reply.Changes.OfCache::cacheId).containsExactlyInAnyOrder(CACHE, 2);
    }

    @Test
    void aStreamTellsOfAllItsCachesAndOfNoOthersInOneReply() {
        window.subscribe(Map.of(CACHE, -1L, 2, -1L), List.of(), told::add);
        window.applied(1, List.of(change(CACHE, 1, 1), change(3, 2, 1), change(2, 3, 1)));
        window.applied(2, List.of(change(3, 4, 1)));
        assertThat(told).hasSize(2);
        assertThat(((Reply.Changes) told.get(1)).caches())
                .extracting(Reply.Changes.OfCache::cacheId)
                .containsExactly(CACHE, 2);
    }

    @Test
    void aQuietStreamSaysHowFarItIsBeforeTheWindowLeavesItBehind() {
        subscribe(-1);
        long reached = 0;
        for (int position = 1; position <= 3 * ChangeWindow.MAX_CHANGES; position++) {
            window.applied(position, List.of(change(2, position, 1)));
            reached = told.get(told.size() - 1) instanceof Reply.Changes changes ? changes.position() : reached;
            assertThat(position - reached).isLessThan(ChangeWindow.MAX_CHANGES / 2);
        }
        assertThat(told).hasSizeLessThan(20);
    }

    @Test
    void aStreamThatIsResumedHearsThatThePastIsToldThoughNothingOfItWasItsOwn() {
        window.applied(1, List.of(change(2, 1, 1)));
        subscribe(0);
        assertThat(told)
                .containsExactly(new Reply.Subscribed(1, List.of()), new Reply.Changes(1, List.of(), List.of()));
    }

    @Test
    void aCheckpointThatBeginsLaterIsMissedByTheCachesBehindItAndTheStreamGoesOn() {
        window.subscribe(Map.of(CACHE, -1L, 2, 60L), List.of(), told::add);
        ChangeWindow.Restored restored = new ChangeWindow.Restored();
        restored.take(ChangeWindow.record(50));
        window.become(restored, 50);
        assertThat(told.get(told.size() - 1)).isEqualTo(missed(50));
        window.applied(51, List.of(change(1)));
        assertThat(((Reply.Changes) told.get(told.size() - 1)).position()).isEqualTo(51);
    }

    @Test
    void subscribersOfAReplicaThatIsRemovedAreToldToGoElsewhere() {
        List<Reply> late = new ArrayList<>();
        Reply.Refused moved = Reply.Refused.of(Status.MOVED, "scripted");
        window.subscribe(Map.of(CACHE, -1L), List.of(), told::add);
        window.end(moved);
        window.applied(1, List.of(change(1)));
        assertThat(told).hasSize(2).last().isEqualTo(moved);
        window.subscribe(Map.of(CACHE, -1L), List.of(), late::add).run();
        assertThat(late).containsExactly(moved);
    }
}
