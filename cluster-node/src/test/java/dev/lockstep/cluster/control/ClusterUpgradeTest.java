package dev.lockstep.cluster.control;

import static dev.lockstep.cluster.testing.ScriptedLog.leading;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.UnknownFormatException;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The version of a cluster, as the leader of the control group raises it. */
class ClusterUpgradeTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final Set<NodeId> VOTERS = Set.of(A, B, C);

    private static final ClusterVersion ONE = new ClusterVersion(1);
    private static final ClusterVersion TWO = new ClusterVersion(2);
    private static final ClusterVersion.Range OLD = new ClusterVersion.Range(ONE, ONE);
    private static final ClusterVersion.Range NEW = new ClusterVersion.Range(ONE, TWO);

    private static final Layout FORMATION = Layout.settled(
            7,
            ONE,
            Layout.nodes(List.of(new Member(A, "a", 1), new Member(B, "b", 1), new Member(C, "c", 1))),
            new ShardMap(Layout.UNFORMED, List.of(List.of(A, B, C))));

    private static final Request.ChangeAccess A_ROLE =
            new Request.ChangeAccess(0, new AccessChange.PutRole(new Role("ops", Set.of(Right.OPERATE), Map.of())));

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final ScriptedLog log = new ScriptedLog(leading(1, A, VOTERS));
    private final ControlGroup control = new ControlGroup(
            log.consensus(),
            FORMATION,
            new ControlGroup.Rules(Templates.NONE, 3, Optional.empty(), NEW),
            new ReadIndexRounds(A, peers, world, Duration.ofSeconds(1)),
            peers,
            world,
            world);
    private final List<Reply> replies = new ArrayList<>();

    @BeforeEach
    void open() {
        control.open(List.copyOf(VOTERS));
    }

    private void raise(ClusterVersion to) {
        control.raise(new Request.RaiseVersion(to), replies::add);
    }

    private void answer(NodeId peer, ClusterVersion.@Nullable Range able) {
        ScriptedPeers.Question question = peers.of(peer).stream()
                .filter(one -> one.request() instanceof Request.DescribeVersions)
                .findFirst()
                .orElseThrow();
        peers.answer(question, able == null ? null : new Reply.Versions("x", able));
    }

    private void formed() {
        control.keepLayout(node -> 0);
        assertThat(control.layout().isFormed()).isTrue();
    }

    @Test
    void theVersionRisesOnceEachMemberHasAnsweredThatItCan() {
        formed();
        raise(TWO);
        answer(B, NEW);
        assertThat(replies).isEmpty();
        assertThat(control.layout().clusterVersion()).isEqualTo(ONE);
        answer(C, NEW);
        assertThat(replies).containsExactly(new Reply.Done());
        assertThat(control.layout().clusterVersion()).isEqualTo(TWO);
        long version = control.layout().version();
        raise(ONE);
        assertThat(control.layout().clusterVersion()).isEqualTo(TWO);
        assertThat(control.layout().version()).isEqualTo(version);
    }

    @Test
    void membersThatCantOrDoNotAnswerAreNamed() {
        formed();
        raise(TWO);
        answer(C, null);
        answer(B, OLD);
        assertThat(replies).singleElement().isInstanceOfSatisfying(Reply.Refused.class, refused -> {
            assertThat(refused.status()).isEqualTo(Status.INVALID);
            assertThat(refused.message())
                    .contains("keeps version 1", "node b can do version 1; node c does not answer")
                    .doesNotContain("node a");
        });
        assertThat(control.layout().clusterVersion()).isEqualTo(ONE);
    }

    @Test
    void aVersionThatTheLeaderItselfCantDoIsRefused() {
        formed();
        raise(new ClusterVersion(3));
        answer(B, new ClusterVersion.Range(ONE, new ClusterVersion(3)));
        answer(C, new ClusterVersion.Range(ONE, new ClusterVersion(3)));
        assertThat(replies)
                .singleElement()
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.message()).contains("node a can do versions 1 to 2"));
    }

    @Test
    void aMemberThatCameMeanwhileIsAskedInAnotherAttempt() {
        formed();
        raise(TWO);
        answer(B, NEW);
        control.change(new Request.AddNode(new Member(new NodeId("d"), "d", 1), null), reply -> {});
        answer(C, NEW);
        assertThat(replies)
                .singleElement()
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.BUSY));
        assertThat(control.layout().clusterVersion()).isEqualTo(ONE);
    }

    @Test
    void usersAndRolesAreRefusedUntilTheVersionHasThem() {
        formed();
        control.propose(A_ROLE, replies::add);
        assertThat(replies)
                .singleElement()
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.message()).contains("lockstep cluster finalize"));
        raise(TWO);
        answer(B, NEW);
        answer(C, NEW);
        control.propose(A_ROLE, replies::add);
        assertThat(replies.get(replies.size() - 1)).isInstanceOf(Reply.Access.class);
    }

    @Test
    void boundsInBytesAreRefusedUntilTheVersionHasThem() {
        var unbounded = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 7, Consistency.SESSION);
        CacheDefinition bounded = unbounded.altered(
                null, OptionalLong.empty(), OptionalLong.of(1 << 20), Optional.empty(), Optional.empty());
        formed();
        assertThat(proposed(new Request.CreateCache(CacheProposal.exactly(bounded), 0)))
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.message()).contains("max-bytes", "lockstep cluster finalize"));
        assertThat(proposed(new Request.CreateCache(CacheProposal.exactly(unbounded), 0)))
                .isInstanceOf(Reply.Created.class);
        assertThat(proposed(new Request.AlterCache(1, 1, null, null, 5L, null, null)))
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.message()).contains("lockstep cluster finalize"));
        assertThat(control.hasMemory()).isFalse();
    }

    @Test
    void whatHasNoBoundInBytesHasTheBytesOfTheVersionBefore() {
        var unbounded = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 7, Consistency.SESSION);
        WireWriter out = new WireWriter(64);
        ValueCodec.definition(out, unbounded);
        byte[] bytes = out.toByteArray();
        assertThat(bytes[bytes.length - 1]).isEqualTo((byte) EntryProcessing.LEASED.ordinal());
        assertThat(bytes[bytes.length - 2]).isEqualTo((byte) Consistency.SESSION.ordinal());
        assertThat(bytes[bytes.length - 3]).isEqualTo((byte) 7);
    }

    private Reply proposed(Request request) {
        control.propose(request, replies::add);
        return replies.get(replies.size() - 1);
    }

    private static ClusterMachine machine(ClusterVersion.Range able, Layout... layouts) {
        ClusterMachine machine = new ClusterMachine(able);
        for (Layout layout : layouts) {
            machine.lay(layout);
        }
        return machine;
    }

    @Test
    void aCheckpointOfTheOldVersionIsReadByANodeThatCanDoNoOther() {
        ClusterMachine restored = new ClusterMachine(OLD);
        restored.restore(machine(NEW, FORMATION.formed()).record(), 0);
        assertThat(restored.layout()).isEqualTo(FORMATION.formed());
        assertThat(restored.access()).isEqualTo(AccessRules.OPEN);
    }

    @Test
    void aVersionThatANodeCantDoStopsItsReplicaAndIsNotTakenForDamage() {
        Layout raised = FORMATION.formed().raised(TWO);
        ClusterMachine newer = machine(NEW, FORMATION.formed(), raised);
        newer.change(A_ROLE);
        assertThatThrownBy(() -> new ClusterMachine(OLD).restore(newer.record(), 0))
                .isInstanceOf(UnknownFormatException.class)
                .hasMessageContaining("has written version 2, and this node can do version 1");
        assertThatThrownBy(() -> machine(OLD, FORMATION.formed()).lay(raised))
                .isInstanceOf(UnknownFormatException.class);
        ClusterMachine restored = new ClusterMachine(NEW);
        restored.restore(newer.record(), 0);
        assertThat(restored.access().roles()).containsOnlyKeys("ops");
    }
}
