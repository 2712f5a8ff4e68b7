package dev.lockstep.cluster.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lifetimes of entries while wall clocks are wrong, in simulated time. */
@Tag("slow")
class SimulatedClocksTest {

    private static final Bytes KEY = Bytes.utf8("k");
    private static final Duration ELECTED_WITHIN = Duration.ofSeconds(10);
    private static final Duration LIFETIME = Duration.ofMinutes(2);
    /** Share of a lifetime by which the log's time may be slewed. */
    private static final Duration SLEW = LIFETIME.dividedBy(20);

    private final SimulatedCluster cluster = new SimulatedCluster(1, true);
    private int clients;
    private int cache;

    private Session client() {
        Session session = cluster.connect(new SimulatedProcess(cluster.world(), "client" + clients++));
        Lifetime lifetime = Lifetime.ofMillis(LIFETIME.toMillis());
        ExpiryRule rule = new ExpiryRule(lifetime, lifetime, Lifetime.UNCHANGED);
        cache = cluster.done(session.createCache(new CacheDefinition("c", "k", "v", rule, "", 0, Consistency.SESSION)))
                .id();
        return session;
    }

    private void put(Session session) {
        cluster.done(session.write(cache, Mutation.put(KEY, Bytes.utf8("v"), Condition.ANY), LeaseId.NONE));
    }

    private boolean found(Session session, Consistency consistency) {
        return cluster.done(session.get(cache, KEY, consistency)).entry() != null;
    }

    private boolean isFoundByAll(Session... sessions) {
        List<Boolean> found = new ArrayList<>();
        for (Session session : sessions) {
            found.add(found(session, Consistency.SESSION));
            found.add(found(session, Consistency.STRONG));
        }
        assertThat(found).as("seen by %d sessions", sessions.length).containsOnly(found.get(0));
        return found.get(0);
    }

    private List<ReplicaStatus> described(SimulatedNode node) {
        CompletableFuture<Reply> described = new CompletableFuture<>();
        node.link().send(new Request.DescribeReplicas(), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                described.complete(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                described.completeExceptionally(cause);
            }
        });
        return ((Reply.Replicas) cluster.done(described)).replicas();
    }

    @ParameterizedTest
    @CsvSource({"3600000, 1", "-3600000, 1", "86400000, 1", "-86400000, 1", "0, 0", "0, 1.01", "0, 0.99"})
    void anEntryLivesItsLifetimeThoughTheLeadersClockIsWrongForAWhile(long aheadMillis, double rate) {
        Session met = client();
        put(met);
        SimulatedProcess wild = cluster.leader().process();
        wild.setClock(aheadMillis, rate);
        put(met);
        long written = cluster.world().nanos();
        cluster.pass(Duration.ofSeconds(15));
        assertThat(isFoundByAll(met)).isTrue();
        wild.setClock(0, 1);
        livesFrom(written, met);
    }

    /** Every reader, whatever it has seen, finds the entry until its lifetime is over, and then no more. */
    private void livesFrom(long written, Session met) {
        Duration left = LIFETIME.minus(SLEW).minusNanos(cluster.world().nanos() - written);
        cluster.pass(left.minusSeconds(1));
        Session other = client();
        assertThat(isFoundByAll(met, other)).isTrue();
        cluster.pass(SLEW.multipliedBy(2).plusSeconds(1));
        assertThat(isFoundByAll(met, other)).isFalse();
    }

    @Test
    void aNewLeaderGoesOnFromTheLogsTimeThoughItsOwnClockIsWrong() {
        Session session = client();
        put(session);
        SimulatedNode follower = cluster.follower();
        follower.process().setClock(Duration.ofHours(1).toMillis(), 1);
        for (int i = 0; i < 50 && !cluster.leads(follower); i++) {
            SimulatedNode leader = cluster.leader();
            leader.kill();
            leader.restart();
            cluster.world()
                    .runUntil(
                            cluster.world().nanos() + ELECTED_WITHIN.toNanos(),
                            () -> cluster.nodes().stream().anyMatch(node -> node != leader && cluster.leads(node)));
        }
        assertThat(cluster.leads(follower)).isTrue();
        put(session);
        long written = cluster.world().nanos();
        cluster.pass(Duration.ofSeconds(15));
        follower.process().setClock(0, 1);
        livesFrom(written, session);
    }

    @Test
    void theTimeThatPassesWhileAllNodesAreDownCounts() {
        Session session = client();
        put(session);
        long written = cluster.world().nanos();
        cluster.nodes().forEach(SimulatedNode::kill);
        cluster.pass(Duration.ofSeconds(90));
        cluster.nodes().forEach(SimulatedNode::restart);
        livesFrom(written, session);
    }

    @Test
    void aNodeWhoseClockIsOffSaysSoAndLeadsNothingWhileOthersCan() {
        Session session = client();
        put(session);
        SimulatedNode wild = cluster.leader();
        assertThat(described(wild)).extracting(ReplicaStatus::note).containsOnly("");
        wild.process().setClock(Duration.ofHours(1).toMillis(), 1);
        cluster.pass(Duration.ofSeconds(5));
        // An hour, as far as is known to the half second that answers may take.
        assertThat(described(wild))
                .extracting(ReplicaStatus::note)
                .allMatch(note ->
                        note.matches("its node's clock is (3599|3600) s ahead of what most members' clocks say"));
        for (int second = 0; second < 30; second++) {
            cluster.pass(Duration.ofSeconds(1));
            assertThat(described(wild)).extracting(ReplicaStatus::leads).containsOnly(false);
        }
        wild.process().setClock(0, 1);
        cluster.pass(Duration.ofSeconds(5));
        assertThat(described(wild)).extracting(ReplicaStatus::note).containsOnly("");
    }
}
