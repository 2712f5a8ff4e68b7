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
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.Versions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Recovery of a subscription from failures of its stream, on simulated time. */
class SubscriptionTest {

    private final SimulatedWorld world = new SimulatedWorld();
    private final FakeNetwork network = new FakeNetwork(1);
    private final Session session = new Session(
            new Router(network.view(), List.of(), network, null, Duration.ofSeconds(10), world, world, world),
            null,
            world,
            world,
            world);
    private final List<String> heard = new ArrayList<>();
    private final ChangeListener listener = new ChangeListener() {
        @Override
        public void changes(int shard, long position, List<EntryChange> changes) {
            heard.add("to " + position);
        }

        @Override
        public void gap(int shard) {
            heard.add("gap");
        }
    };

    @BeforeEach
    void everyNodeTakesSubscriptions() {
        for (NodeId node : List.of(N1, N2, N3)) {
            network.at(node, (request, handler) -> {});
        }
    }

    private FakeNetwork.Sent last() {
        return network.sent().get(network.sent().size() - 1);
    }

    private static Reply subscribed(long position) {
        return new Reply.Subscribed(position, List.of());
    }

    private static Reply changes(long position) {
        return new Reply.Changes(position, List.of(new Reply.Changes.OfCache(1, List.of())), List.of());
    }

    private long resumedAfter() {
        return ((Request.Subscribe) last().request()).caches().get(0).afterPosition();
    }

    @Test
    void aSubscriptionIsReadyWhenTheShardHasConfirmed() {
        Subscription subscription = session.subscribe(1, listener);
        assertThat(subscription.ready()).isNotDone();
        last().handler().reply(subscribed(10));
        assertThat(subscription.ready()).isCompleted();
        assertThat(heard).containsExactly("to 10");
    }

    @Test
    void afterALostConnectionItResumesElsewhereFromWhereItWas() {
        session.subscribe(1, listener);
        NodeId first = last().to();
        Link.ReplyHandler lost = last().handler();
        lost.reply(subscribed(10));
        lost.reply(changes(12));
        lost.failed(true, new IOException("reset"));
        network.at(first, (request, handler) -> handler.failed(false, new IOException("refused")));
        world.pass(Duration.ofSeconds(1));
        assertThat(last().to()).isNotEqualTo(first);
        assertThat(resumedAfter()).isEqualTo(12);
        lost.reply(changes(13));
        last().handler().reply(subscribed(12));
        last().handler().reply(changes(14));
        assertThat(heard).containsExactly("to 10", "to 12", "to 12", "to 14");
    }

    @Test
    void aNodeThatIsSilentIsLeftForAnotherAndTheSubscriptionEndedThere() {
        for (NodeId node : List.of(N1, N2, N3)) {
            network.silence(node);
        }
        Subscription subscription = session.subscribe(1, listener);
        NodeId first = last().to();
        for (NodeId node : List.of(N1, N2, N3)) {
            if (!node.equals(first)) {
                network.at(node, (request, handler) -> handler.reply(subscribed(10)));
            }
        }
        world.pass(Duration.ofMillis(600));
        assertThat(subscription.ready()).isCompleted();
        assertThat(network.sent())
                .filteredOn(sent -> sent.to().equals(first))
                .last()
                .extracting(FakeNetwork.Sent::request)
                .isInstanceOf(Request.Unsubscribe.class);
    }

    @Test
    void eachPauseEndsTheStreamThatItInterrupts() {
        Subscription subscription = session.subscribe(1, listener);
        for (int i = 0; i < 1_000; i++) {
            Link.ReplyHandler stream = last().handler();
            stream.reply(subscribed(10));
            subscription.pause();
            stream.reply(changes(12));
            world.pass(Duration.ZERO);
            subscription.resume();
        }
        subscription.close();
        assertThat(network.sent())
                .filteredOn(sent -> sent.request() instanceof Request.Subscribe)
                .hasSize(1_001);
        assertThat(network.sent())
                .filteredOn(sent -> sent.request() instanceof Request.Unsubscribe)
                .hasSize(1_001);
    }

    @Test
    void aGapIsToldWhenTheStreamIsOpenAgain() {
        session.subscribe(1, listener);
        last().handler().reply(subscribed(10));
        last().handler().failed(true, new IOException("reset"));
        world.pass(Duration.ofSeconds(1));
        assertThat(resumedAfter()).isEqualTo(10);
        last().handler().reply(subscribed(60));
        last().handler()
                .reply(new Reply.Changes(50, List.of(), List.of(new Reply.Changes.Missed(1, Versions.lastAt(50)))));
        assertThat(heard).containsExactly("to 10", "to 10", "gap", "to 50");
    }

    @Test
    void aReplicaThatIsBehindIsLeftForAnother() {
        session.subscribe(1, listener);
        NodeId first = last().to();
        last().handler().reply(Reply.Refused.of(Status.BEHIND, "scripted"));
        world.pass(Duration.ofSeconds(1));
        assertThat(last().to()).isNotEqualTo(first);
    }

    @Test
    void aCacheThatIsNoMoreEndsIt() {
        Subscription subscription = session.subscribe(1, listener);
        last().handler().reply(new Reply.Subscribed(10, List.of(1)));
        world.pass(Duration.ofSeconds(1));
        assertThat(subscription.ready())
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withMessageContaining("Cache 1 does not exist");
        assertThat(network.sent()).hasSize(2);
        assertThat(last().request()).isInstanceOf(Request.Unsubscribe.class);
        assertThat(heard).isEmpty();
    }

    @Test
    void aPermanentRefusalFailsItWithoutARetry() {
        Subscription subscription = session.subscribe(1, listener);
        last().handler().reply(Reply.Refused.of(Status.INVALID, "scripted"));
        world.pass(Duration.ofSeconds(1));
        assertThat(subscription.ready()).isCompletedExceptionally();
        assertThat(network.sent()).hasSize(1);
    }

    @Test
    void changesDuringAPauseAreRequestedAgain() {
        Subscription subscription = session.subscribe(1, listener);
        Link.ReplyHandler stream = last().handler();
        stream.reply(subscribed(10));
        subscription.pause();
        stream.reply(changes(12));
        world.pass(Duration.ZERO);
        assertThat(last().request()).isInstanceOf(Request.Unsubscribe.class);
        stream.reply(changes(13));
        stream.failed(true, new IOException("reset"));
        world.pass(Duration.ofSeconds(1));
        assertThat(network.sent()).hasSize(2);
        subscription.resume();
        assertThat(resumedAfter()).isEqualTo(10);
        last().handler().reply(subscribed(10));
        last().handler().reply(changes(13));
        assertThat(heard).containsExactly("to 10", "to 10", "to 13");
    }

    @Test
    void aPauseDuringWhichNothingComesChangesNothing() {
        Subscription subscription = session.subscribe(1, listener);
        Link.ReplyHandler stream = last().handler();
        stream.reply(subscribed(10));
        subscription.pause();
        subscription.resume();
        stream.reply(changes(12));
        assertThat(network.sent()).hasSize(1);
        assertThat(heard).containsExactly("to 10", "to 12");
    }

    @Test
    void aConnectionThatIsLostDuringAPauseIsReplacedAfterIt() {
        Subscription subscription = session.subscribe(1, listener);
        last().handler().reply(subscribed(10));
        subscription.pause();
        last().handler().failed(true, new IOException("reset"));
        world.pass(Duration.ofSeconds(5));
        assertThat(network.sent()).hasSize(1);
        subscription.resume();
        assertThat(network.sent()).hasSize(2);
        assertThat(resumedAfter()).isEqualTo(10);
    }

    @Test
    void closingItUnsubscribesAndSilencesIt() {
        Subscription subscription = session.subscribe(1, listener);
        Link.ReplyHandler stream = last().handler();
        stream.reply(subscribed(10));
        subscription.close();
        assertThat(last().request()).isInstanceOf(Request.Unsubscribe.class);
        stream.reply(changes(11));
        stream.failed(true, new IOException("closed"));
        world.pass(Duration.ofSeconds(1));
        assertThat(heard).containsExactly("to 10");
        assertThat(network.sent()).hasSize(2);
    }
}
