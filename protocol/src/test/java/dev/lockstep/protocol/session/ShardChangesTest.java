package dev.lockstep.protocol.session;

import static dev.lockstep.protocol.routing.FakeNetwork.N1;
import static dev.lockstep.protocol.routing.FakeNetwork.N2;
import static dev.lockstep.protocol.routing.FakeNetwork.N3;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.routing.FakeNetwork;
import dev.lockstep.protocol.routing.Router;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Request.Subscribe.Start;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.Versions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The stream that the subscriptions of a session share in a shard, on simulated time. */
class ShardChangesTest {

    private final SimulatedWorld world = new SimulatedWorld();
    private final FakeNetwork network = new FakeNetwork(1);
    private final Session session = new Session(
            new Router(network.view(), List.of(), network, null, Duration.ofSeconds(10), world, world, world),
            null,
            world,
            world,
            world);

    @BeforeEach
    void everyNodeTakesSubscriptions() {
        for (NodeId node : List.of(N1, N2, N3)) {
            network.at(node, (request, handler) -> {});
        }
    }

    /** Records what a subscription hears. */
    private static final class Heard implements ChangeListener {

        private final List<String> heard = new ArrayList<>();

        @Override
        public void changes(int shard, long position, List<EntryChange> changes) {
            heard.add("to " + position);
            changes.forEach(change -> heard.add(change.key().toString() + "@" + change.version()));
        }

        @Override
        public void gap(int shard) {
            heard.add("gap");
        }
    }

    private <R extends Request> List<FakeNetwork.Sent> sent(Class<R> type) {
        return network.sent().stream()
                .filter(sent -> type.isInstance(sent.request()))
                .toList();
    }

    private FakeNetwork.Sent last() {
        List<FakeNetwork.Sent> all = sent(Request.Subscribe.class);
        return all.get(all.size() - 1);
    }

    private Link.ReplyHandler stream() {
        return last().handler();
    }

    private List<Start> requested() {
        return ((Request.Subscribe) last().request()).caches();
    }

    /** The position up to which the last request extends the stream before it; none if it names all its caches. */
    private OptionalLong extended() {
        Request.Subscribe request = (Request.Subscribe) last().request();
        return request.base() == 0 ? OptionalLong.empty() : OptionalLong.of(request.basePosition());
    }

    private int open() {
        return sent(Request.Subscribe.class).size()
                - sent(Request.Unsubscribe.class).size();
    }

    private static Reply begun(long position, Integer... unknown) {
        return new Reply.Subscribed(position, List.of(unknown));
    }

    private static long version(long position, int ordinal) {
        return (position << Versions.ORDINAL_BITS) + ordinal;
    }

    private static EntryChange change(long position, int ordinal) {
        return new EntryChange(
                EntryChange.Kind.UPDATED, Bytes.EMPTY, Bytes.EMPTY, Bytes.EMPTY, version(position, ordinal));
    }

    private static Reply.Changes.OfCache of(int cacheId, EntryChange... changes) {
        return new Reply.Changes.OfCache(cacheId, List.of(changes));
    }

    private static Reply changes(long position, Reply.Changes.OfCache... caches) {
        return new Reply.Changes(position, List.of(caches), List.of());
    }

    private static Reply missed(int cacheId, long position) {
        return new Reply.Changes(
                position, List.of(), List.of(new Reply.Changes.Missed(cacheId, Versions.lastAt(position))));
    }

    private static String heard(long position, int ordinal) {
        return Bytes.EMPTY + "@" + version(position, ordinal);
    }

    @Test
    void subscriptionsOfAThousandCachesShareOneStreamThatIsOpenedTwice() {
        List<Subscription> all = new ArrayList<>();
        for (int cache = 1; cache <= 1_000; cache++) {
            all.add(session.subscribe(cache, new Heard()));
        }
        stream().reply(begun(10));
        world.pass(Duration.ZERO);
        stream().reply(begun(11));
        world.pass(Duration.ofSeconds(1));
        assertThat(all).allSatisfy(one -> assertThat(one.ready()).isCompleted());
        assertThat(sent(Request.Subscribe.class)).hasSize(2);
        assertThat(open()).isOne();
        all.forEach(Subscription::close);
        stream().reply(begun(12));
        world.pass(Duration.ofSeconds(1));
        assertThat(sent(Request.Subscribe.class)).hasSize(3);
        assertThat(open()).isZero();
    }

    @Test
    void cachesThatJoinOneAfterTheOtherAreRequestedOnceEach() {
        List<Start> requested = new ArrayList<>();
        for (int cache = 1; cache <= 1_000; cache++) {
            Subscription joining = session.subscribe(cache, new Heard());
            requested.addAll(requested());
            stream().reply(begun(cache));
            assertThat(joining.ready()).isCompleted();
        }
        assertThat(requested)
                .isEqualTo(IntStream.rangeClosed(1, 1_000)
                        .mapToObj(cache -> new Start(cache, -1))
                        .toList());
        assertThat(open()).isOne();
    }

    @Test
    void aStreamIsExtendedAtItsOwnNodeAndByItsCorrelationId() {
        session.subscribe(1, new Heard());
        NodeId node = last().to();
        int correlation = network.sent().indexOf(last()) + 1;
        stream().reply(begun(10));
        stream().reply(changes(12, of(1, change(12, 0))));
        session.subscribe(2, new Heard());
        assertThat(last().to()).isEqualTo(node);
        assertThat(((Request.Subscribe) last().request()).base()).isEqualTo(correlation);
        assertThat(extended()).hasValue(12);
    }

    @Test
    void aStreamOfWhichACacheIsNoLongerWantedIsNotExtended() {
        Subscription left = session.subscribe(1, new Heard());
        session.subscribe(2, new Heard());
        stream().reply(begun(10));
        world.pass(Duration.ZERO);
        stream().reply(begun(10));
        left.close();
        stream().reply(begun(11));
        assertThat(extended()).isEmpty();
        assertThat(requested()).extracting(Start::cacheId).containsExactly(2);
    }

    @Test
    void aStreamThatEndsBeforeItHasBegunEndsTheProbesOfItsNode() {
        session.subscribe(1, new Heard()).close();
        assertThat(open()).isZero();
        world.pass(Duration.ofSeconds(1));
        int before = network.described();
        world.pass(Duration.ofSeconds(8));
        assertThat(network.described()).isEqualTo(before);
    }

    @Test
    void theFirstStreamGoesOnUntilTheNextHasBegunAndNoChangeIsHeardTwice() {
        Heard first = new Heard();
        session.subscribe(1, first);
        stream().reply(begun(10));
        Link.ReplyHandler before = stream();
        Heard second = new Heard();
        session.subscribe(2, second);
        assertThat(requested()).containsExactly(new Start(2, -1));
        assertThat(extended()).hasValue(-1);
        before.reply(changes(11, of(1, change(11, 0))));
        stream().reply(begun(12));
        before.reply(changes(12, of(1, change(12, 0))));
        stream().reply(changes(11, of(1, change(11, 0))));
        stream().reply(changes(12, of(1, change(12, 0))));
        stream().reply(changes(13, of(1, change(13, 0)), of(2, change(13, 1))));
        assertThat(first.heard)
                .containsExactly("to 10", "to 11", heard(11, 0), "to 11", "to 12", heard(12, 0), "to 13", heard(13, 0));
        assertThat(second.heard).containsExactly("to 12", "to 13", heard(13, 1));
        assertThat(open()).isOne();
    }

    @Test
    void onlyTheCacheOfWhichChangesAreMissedHasAGap() {
        Heard quiet = new Heard();
        Heard missing = new Heard();
        session.subscribe(1, quiet);
        session.subscribe(2, missing);
        stream().reply(begun(10));
        world.pass(Duration.ZERO);
        stream().reply(begun(10));
        stream().reply(missed(2, 20));
        stream().reply(changes(21, of(1, change(21, 0)), of(2, change(21, 1))));
        assertThat(quiet.heard).containsExactly("to 10", "to 21", heard(21, 0));
        assertThat(missing.heard).containsExactly("to 10", "gap", "to 20", "to 21", heard(21, 1));
    }

    @Test
    void aPartThatIsTooLargeIsAGapThoughItsPositionIsReachedLater() {
        Heard heard = new Heard();
        session.subscribe(1, heard);
        stream().reply(begun(10));
        stream().reply(changes(10, of(1, change(11, 0))));
        stream().reply(new Reply.Changes(10, List.of(), List.of(new Reply.Changes.Missed(1, version(11, 1)))));
        stream().reply(changes(11, of(1, change(11, 2))));
        assertThat(heard.heard).containsExactly("to 10", "to 10", heard(11, 0), "gap", "to 10", "to 11", heard(11, 2));
    }

    @Test
    void aSubscriptionThatIsAheadOfAnotherOfItsCacheMissesNothingWithIt() {
        Heard slow = new Heard();
        Heard ahead = new Heard();
        Subscription paused = session.subscribe(1, slow);
        session.subscribe(1, ahead);
        stream().reply(begun(10));
        world.pass(Duration.ZERO);
        stream().reply(begun(10));
        paused.pause();
        stream().reply(changes(20, of(1, change(20, 0))));
        world.pass(Duration.ZERO);
        stream().reply(begun(20));
        stream().reply(changes(30, of(1, change(30, 0))));
        paused.resume();
        assertThat(requested()).containsExactly(new Start(1, 10));
        stream().reply(begun(30));
        stream().reply(missed(1, 25));
        stream().reply(changes(30, of(1, change(30, 0))));
        assertThat(slow.heard).containsExactly("to 10", "to 10", "gap", "to 25", "to 30", heard(30, 0));
        assertThat(ahead.heard).doesNotContain("gap").containsOnlyOnce(heard(20, 0), heard(30, 0));
    }

    @Test
    void aDestroyedCacheEndsItsOwnSubscriptionOnly() {
        Heard heard = new Heard();
        session.subscribe(1, heard);
        Subscription destroyed = session.subscribe(2, new Heard());
        stream().reply(begun(10));
        world.pass(Duration.ZERO);
        stream().reply(begun(10, 2));
        world.pass(Duration.ofSeconds(1));
        assertThat(destroyed.ready())
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withMessageContaining("Cache 2 does not exist");
        stream().reply(changes(11, of(1, change(11, 0))));
        assertThat(heard.heard).containsExactly("to 10", "to 11", heard(11, 0));
        assertThat(open()).isOne();
    }

    @Test
    void aRefusalForGoodFailsThoseWhoJoinAndLeavesTheOthersTheirStream() {
        Heard heard = new Heard();
        Subscription first = session.subscribe(1, heard);
        stream().reply(begun(10));
        Link.ReplyHandler before = stream();
        Subscription second = session.subscribe(2, new Heard());
        stream().reply(Reply.Refused.of(Status.INVALID, "scripted"));
        world.pass(Duration.ofSeconds(1));
        assertThat(second.ready()).isCompletedExceptionally();
        assertThat(first.ready()).isCompleted();
        before.reply(changes(11, of(1, change(11, 0))));
        assertThat(heard.heard).containsExactly("to 10", "to 11", heard(11, 0));
        assertThat(sent(Request.Subscribe.class)).hasSize(2);
    }

    @Test
    void aLostConnectionInTheMiddleOfAPositionRepeatsNoChangeThatWasDelivered() {
        Heard heard = new Heard();
        session.subscribe(1, heard);
        stream().reply(begun(10));
        stream().reply(changes(10, of(1, change(11, 0), change(11, 1))));
        stream().failed(true, new IOException("reset"));
        world.pass(Duration.ofSeconds(1));
        assertThat(requested()).containsExactly(new Start(1, 10));
        stream().reply(begun(11));
        stream().reply(changes(11, of(1, change(11, 0), change(11, 1), change(11, 2))));
        assertThat(heard.heard)
                .containsExactly("to 10", "to 10", heard(11, 0), heard(11, 1), "to 10", "to 11", heard(11, 2));
    }

    @Test
    void aQuietCacheIsResumedFromWhereTheStreamWas() {
        session.subscribe(1, new Heard());
        session.subscribe(2, new Heard());
        stream().reply(begun(10));
        world.pass(Duration.ZERO);
        stream().reply(begun(10));
        stream().reply(changes(11, of(2, change(11, 0))));
        stream().reply(changes(500));
        stream().failed(true, new IOException("reset"));
        world.pass(Duration.ofSeconds(1));
        assertThat(requested()).containsExactlyInAnyOrder(new Start(1, 500), new Start(2, 500));
    }

    @Test
    void aSubscriptionThatFallsBehindLeavesTheStreamToTheOthersAndIsResumedFromWhereItWas() {
        Heard slow = new Heard();
        Heard prompt = new Heard();
        Subscription paused = session.subscribe(1, slow);
        session.subscribe(2, prompt);
        stream().reply(begun(10));
        world.pass(Duration.ZERO);
        stream().reply(begun(10));
        paused.pause();
        stream().reply(changes(11, of(1, change(11, 0)), of(2, change(11, 1))));
        stream().reply(changes(12, of(1, change(12, 0)), of(2, change(12, 1))));
        world.pass(Duration.ZERO);
        assertThat(requested()).containsExactly(new Start(2, 12));
        stream().reply(begun(12));
        stream().reply(changes(13, of(2, change(13, 0))));
        paused.resume();
        assertThat(requested()).containsExactly(new Start(1, 10));
        assertThat(extended()).hasValue(13);
        stream().reply(begun(13));
        stream().reply(changes(11, of(1, change(11, 0))));
        stream().reply(changes(12, of(1, change(12, 0))));
        assertThat(slow.heard).containsExactly("to 10", "to 10", "to 11", heard(11, 0), "to 12", heard(12, 0));
        assertThat(prompt.heard)
                .containsExactly("to 10", "to 11", heard(11, 1), "to 12", heard(12, 1), "to 13", heard(13, 0));
        assertThat(open()).isOne();
    }

    @Test
    void subscriptionsThatJoinDuringTheBackOffWaitForItsEnd() {
        session.subscribe(1, new Heard());
        stream().failed(false, new IOException("refused"));
        for (int cache = 2; cache <= 100; cache++) {
            session.subscribe(cache, new Heard());
        }
        assertThat(sent(Request.Subscribe.class)).hasSize(1);
        world.pass(Duration.ofSeconds(1));
        assertThat(sent(Request.Subscribe.class)).hasSize(2);
        assertThat(requested()).hasSize(100);
    }

    @Test
    void aStreamThatIsNotTakenDoesNotEndTheOneBefore() {
        Heard heard = new Heard();
        session.subscribe(1, heard);
        stream().reply(begun(10));
        Link.ReplyHandler before = stream();
        NodeId first = last().to();
        Subscription second = session.subscribe(2, new Heard());
        stream().reply(Reply.Refused.of(Status.BEHIND, "scripted"));
        before.reply(changes(11, of(1, change(11, 0))));
        world.pass(Duration.ofSeconds(1));
        assertThat(last().to()).isNotEqualTo(first);
        assertThat(requested()).containsExactlyInAnyOrder(new Start(1, 11), new Start(2, -1));
        assertThat(extended()).isEmpty();
        stream().reply(begun(11));
        assertThat(second.ready()).isCompleted();
        assertThat(heard.heard).containsExactly("to 10", "to 11", heard(11, 0));
    }

    @Test
    void aSessionHasSoManySubscriptionsAtMost() {
        List<Subscription> all = new ArrayList<>();
        for (int i = 0; i < Request.Subscribe.MAX_CACHES; i++) {
            all.add(session.subscribe(i, new Heard()));
        }
        assertThat(session.subscribe(-1, new Heard()).ready())
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withMessageContaining("65536 subscriptions; close one first");
        all.get(0).close();
        assertThat(session.subscribe(-1, new Heard()).ready()).isNotDone();
    }
}
