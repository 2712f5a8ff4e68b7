package dev.lockstep.cluster.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.control.Templates;
import dev.lockstep.cluster.node.NodeCore;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lifetimes of entries while wall clocks are wrong, in simulated time. */
class SimulatedClocksTest {

    private static final Bytes KEY = Bytes.utf8("k");
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration LIFETIME = Duration.ofMinutes(2);
    /** Share of a lifetime by which the log's time may be slewed. */
    private static final Duration SLEW = LIFETIME.dividedBy(20);

    private final World world = new World(1, null);
    private final SimulatedNetwork network = new SimulatedNetwork(world, new SimulatedNetwork.Weather(0, 0));
    private final SimulatedRaft raft = new SimulatedRaft(
            world,
            network,
            new SimulatedRaft.Hardships(0, 0, 0, false, 0, SimulatedRaft.Checkpoints.NONE),
            new Replicas(world, 0, true));
    private final List<Member> members = new ArrayList<>();
    private final List<SimulatedNode> nodes = new ArrayList<>();
    private int clients;
    private int cache;

    SimulatedClocksTest() {
        for (int i = 0; i < 3; i++) {
            members.add(new Member(new NodeId("n" + i), "simulated", i + 1));
        }
        ShardMap map = new ShardMap(1, List.of(members.stream().map(Member::id).toList()));
        for (Member member : members) {
            nodes.add(new SimulatedNode(
                    new SimulatedProcess(world, member.id().toString()),
                    new NodeCore.Place("simulated", member, members, map, Templates.NONE),
                    raft,
                    this::links,
                    10_000));
        }
    }

    private SimulatedLinks links(SimulatedProcess process) {
        return new SimulatedLinks(
                world, network, process, member -> member.port() > nodes.size() ? null : nodes.get(member.port() - 1));
    }

    private Session client() {
        SimulatedProcess process = new SimulatedProcess(world, "client" + clients++);
        SessionFactory sessions =
                new SessionFactory(links(process), TIMEOUT, process.time(), process.loop(), process.entropy());
        Session session = done(sessions.connect(
                members.stream().map(member -> "simulated:" + member.port()).toList()));
        Lifetime lifetime = Lifetime.ofMillis(LIFETIME.toMillis());
        ExpiryRule rule = new ExpiryRule(lifetime, lifetime, Lifetime.UNCHANGED);
        cache = done(session.createCache(new CacheDefinition("c", "k", "v", rule, "", 0, Consistency.SESSION)))
                .id();
        return session;
    }

    private <T> T done(CompletableFuture<T> future) {
        world.runUntil(world.nanos() + TIMEOUT.multipliedBy(2).toNanos(), future::isDone);
        assertThat(world.failures()).isEmpty();
        return future.join();
    }

    private void pass(Duration time) {
        world.runUntil(world.nanos() + time.toNanos(), () -> false);
        assertThat(world.failures()).isEmpty();
    }

    private void put(Session session) {
        done(session.write(cache, Mutation.put(KEY, Bytes.utf8("v"), Condition.ANY), LeaseId.NONE));
    }

    private boolean found(Session session, Consistency consistency) {
        return done(session.get(cache, KEY, consistency)).entry() != null;
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

    private boolean leads(SimulatedNode node) {
        return raft.leadsShard(node.member().id());
    }

    private SimulatedNode leader() {
        return nodes.stream().filter(this::leads).findFirst().orElseThrow();
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
        return ((Reply.Replicas) done(described)).replicas();
    }

    @ParameterizedTest
    @CsvSource({"3600000, 1", "-3600000, 1", "86400000, 1", "-86400000, 1", "0, 0", "0, 1.01", "0, 0.99"})
    void anEntryLivesItsLifetimeThoughTheLeadersClockIsWrongForAWhile(long aheadMillis, double rate) {
        Session met = client();
        put(met);
        SimulatedProcess wild = leader().process();
        wild.setClock(aheadMillis, rate);
        put(met);
        long written = world.nanos();
        pass(Duration.ofSeconds(15));
        assertThat(isFoundByAll(met)).isTrue();
        wild.setClock(0, 1);
        livesFrom(written, met);
    }

    /** Every reader, whatever it has seen, finds the entry until its lifetime is over, and then no more. */
    private void livesFrom(long written, Session met) {
        Duration left = LIFETIME.minus(SLEW).minusNanos(world.nanos() - written);
        pass(left.minusSeconds(1));
        Session other = client();
        assertThat(isFoundByAll(met, other)).isTrue();
        pass(SLEW.multipliedBy(2).plusSeconds(1));
        assertThat(isFoundByAll(met, other)).isFalse();
    }

    @Test
    void aNewLeaderGoesOnFromTheLogsTimeThoughItsOwnClockIsWrong() {
        Session session = client();
        put(session);
        SimulatedNode follower =
                nodes.stream().filter(node -> node != leader()).findFirst().orElseThrow();
        follower.process().setClock(Duration.ofHours(1).toMillis(), 1);
        for (int i = 0; i < 50 && !leads(follower); i++) {
            SimulatedNode leader = leader();
            leader.kill();
            leader.restart();
            world.runUntil(
                    world.nanos() + TIMEOUT.toNanos(),
                    () -> nodes.stream().anyMatch(node -> node != leader && leads(node)));
        }
        assertThat(leads(follower)).isTrue();
        put(session);
        long written = world.nanos();
        pass(Duration.ofSeconds(15));
        follower.process().setClock(0, 1);
        livesFrom(written, session);
    }

    @Test
    void theTimeThatPassesWhileAllNodesAreDownCounts() {
        Session session = client();
        put(session);
        long written = world.nanos();
        nodes.forEach(SimulatedNode::kill);
        pass(Duration.ofSeconds(90));
        nodes.forEach(SimulatedNode::restart);
        livesFrom(written, session);
    }

    @Test
    void aNodeWhoseClockIsOffSaysSoAndLeadsNothingWhileOthersCan() {
        Session session = client();
        put(session);
        SimulatedNode wild = leader();
        assertThat(described(wild)).extracting(ReplicaStatus::note).containsOnly("");
        wild.process().setClock(Duration.ofHours(1).toMillis(), 1);
        pass(Duration.ofSeconds(5));
        assertThat(described(wild))
                .extracting(ReplicaStatus::note)
                .containsOnly("its node's clock is 3600 s ahead of what most members' clocks say");
        for (int second = 0; second < 30; second++) {
            pass(Duration.ofSeconds(1));
            assertThat(described(wild)).extracting(ReplicaStatus::leads).containsOnly(false);
        }
        wild.process().setClock(0, 1);
        pass(Duration.ofSeconds(5));
        assertThat(described(wild)).extracting(ReplicaStatus::note).containsOnly("");
    }
}
