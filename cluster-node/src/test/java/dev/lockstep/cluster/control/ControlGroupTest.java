package dev.lockstep.cluster.control;

import static dev.lockstep.cluster.testing.ScriptedLog.following;
import static dev.lockstep.cluster.testing.ScriptedLog.leading;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.scram.ScramMechanism;
import dev.lockstep.protocol.scram.ScramVerifier;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.DrainedNode;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.UnknownFormatException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ControlGroupTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final Set<NodeId> VOTERS = Set.of(A, B, new NodeId("c"));
    private static final Duration REPLACE_AFTER = Duration.ofMinutes(5);
    private static final String VERIFIER = ScramVerifier.of(
                    ScramMechanism.SHA_256,
                    "secret".toCharArray(),
                    Bytes.of(new byte[16]),
                    ScramVerifier.MIN_ITERATIONS)
            .text();
    private static final Duration WAIT = Duration.ofMillis(300);
    private static final Duration SILENCE = Duration.ofSeconds(2);

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final ScriptedLog log = new ScriptedLog(leading(1, A, VOTERS));
    private final ControlGroup control = new ControlGroup(
            log.consensus(),
            Layout.settled(
                    0,
                    Layout.nodes(VOTERS.stream()
                            .sorted()
                            .map(node -> new Member(node, node.name(), 1))
                            .toList()),
                    new ShardMap(Layout.UNFORMED, List.of(List.copyOf(VOTERS)))),
            new ControlGroup.Rules(
                    new Templates(
                            Map.of(
                                    "short-*",
                                    new CacheSettings(
                                            OptionalLong.of(100),
                                            OptionalLong.empty(),
                                            Optional.empty(),
                                            Optional.empty(),
                                            Optional.of(Duration.ofMinutes(10)),
                                            Optional.empty())),
                            Map.of("caches.short-*", "a.yaml:7")),
                    3,
                    Optional.of(REPLACE_AFTER),
                    ClusterVersion.Range.OWN),
            new ReadIndexRounds(A, peers, world, Duration.ofSeconds(1)),
            peers,
            world,
            world);
    private final List<Reply> replies = new ArrayList<>();
    private final List<Reply.@Nullable Refused> learnt = new ArrayList<>();

    @BeforeEach
    void open() {
        control.open(List.copyOf(VOTERS));
    }

    private static Request create(String name) {
        return create(name, null, CacheSettings.NOTHING);
    }

    private static Request create(String name, @Nullable ExpiryRule expiry, CacheSettings template) {
        return create(name, expiry, template, 0);
    }

    private static Request create(String name, int highestId) {
        return create(name, null, CacheSettings.NOTHING, highestId);
    }

    private static Request create(String name, @Nullable ExpiryRule expiry, CacheSettings template, int highestId) {
        return new Request.CreateCache(
                new CacheProposal(name, "k", "v", expiry, "", CacheSettings.NOTHING, template, "client.yaml:3"),
                highestId);
    }

    private static CacheSettings living(Duration timeToLive) {
        return new CacheSettings(
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(timeToLive),
                Optional.empty());
    }

    private Reply answer(Request request) {
        control.propose(request, replies::add);
        return replies.remove(replies.size() - 1);
    }

    private Reply change(Request request) {
        control.change(request, replies::add);
        return replies.remove(replies.size() - 1);
    }

    private CacheInfo only(Reply reply) {
        return reply instanceof Reply.Created created
                ? created.cache()
                : ((Reply.Caches) reply).caches().get(0);
    }

    private CacheInfo created(String name) {
        return only(answer(create(name)));
    }

    private void follow() {
        log.become(following(2, B, VOTERS));
    }

    private void decide(Request request) {
        CacheProposal proposal = ((Request.CreateCache) request).proposal();
        log.apply(new ControlCommand.Create(proposal, proposal.completed(CacheSettings.NOTHING), 0, false).encode());
    }

    private Status status() {
        assertThat(replies).hasSize(1).first().isInstanceOf(Reply.Refused.class);
        return ((Reply.Refused) replies.get(0)).status();
    }

    @Test
    void aFollowerSendsDecisionsAndListsToTheLeader() {
        follow();
        control.propose(create("c"), replies::add);
        control.list(replies::add);
        assertThat(replies)
                .hasSize(2)
                .allSatisfy(
                        reply -> assertThat(((Reply.Refused) reply).leader()).isEqualTo(B));
    }

    @Test
    void settingsLeftOpenByTheCreatorComeFromTheLeadersTemplate() {
        CacheInfo cache = created("short-1");
        assertThat(cache.definition().maxEntries()).isEqualTo(100);
        assertThat(cache.definition().expiry())
                .isEqualTo(ExpiryRule.of(Optional.of(Duration.ofMinutes(10)), Optional.empty()));
        assertThat(only(answer(create("long", cache.id()))).definition().expiry())
                .isEqualTo(ExpiryRule.ETERNAL);
    }

    @Test
    void explicitSettingsOverrideTemplates() {
        CacheInfo cache = only(answer(create("short-1", ExpiryRule.ETERNAL, CacheSettings.NOTHING)));
        assertThat(cache.definition().expiry()).isEqualTo(ExpiryRule.ETERNAL);
        assertThat(cache.definition().maxEntries()).isEqualTo(100);
    }

    @Test
    void aCreatorsTemplateAddsAndDoesNotContradict() {
        Reply refused = answer(create("short-1", null, living(Duration.ofMinutes(30))));
        assertThat(refused).isInstanceOfSatisfying(Reply.Refused.class, refusal -> {
            assertThat(refusal.status()).isEqualTo(Status.DEFINITION_DIFFERS);
            assertThat(refusal.message()).contains("short-1", "client.yaml:3", "a.yaml:7", "PT30M", "PT10M");
        });
        CacheInfo cache = only(answer(create("long", null, living(Duration.ofMinutes(30)))));
        assertThat(cache.definition().expiry())
                .isEqualTo(ExpiryRule.of(Optional.of(Duration.ofMinutes(30)), Optional.empty()));
    }

    @Test
    void aCreatorWithoutSettingsAttachesToAnExistingCache() {
        CacheInfo cache =
                only(answer(create("c", ExpiryRule.of(Optional.of(WAIT), Optional.empty()), CacheSettings.NOTHING)));
        assertThat(created("c")).isEqualTo(cache);
        assertThat(answer(create("c", ExpiryRule.ETERNAL, CacheSettings.NOTHING)))
                .isInstanceOfSatisfying(Reply.Refused.class, refusal -> {
                    assertThat(refusal.status()).isEqualTo(Status.DEFINITION_DIFFERS);
                    assertThat(refusal.message()).contains("expiry is", "300 ms", "for ever", "lockstep cache alter");
                });
    }

    @Test
    void anAlteredCacheHasALaterRevisionOfItsDefinition() {
        CacheInfo cache = created("c");
        var alteration =
                new Request.AlterCache(cache.id(), 1, null, 7L, null, Consistency.STRONG, EntryProcessing.OPTIMISTIC);
        CacheInfo altered = only(answer(alteration));
        assertThat(altered.revision()).isEqualTo(2);
        assertThat(altered.definition().maxEntries()).isEqualTo(7);
        assertThat(altered.definition().consistency()).isEqualTo(Consistency.STRONG);
        assertThat(altered.definition().entryProcessing()).isEqualTo(EntryProcessing.OPTIMISTIC);
        assertThat(altered.definition().expiry()).isEqualTo(ExpiryRule.ETERNAL);
        assertThat(only(answer(alteration))).isEqualTo(altered);
        assertThat(control.cache(cache.id())).isEqualTo(altered);
        assertThat(answer(new Request.AlterCache(99, 1, null, 7L, null, null, null)))
                .isInstanceOf(Reply.Refused.class);
    }

    @Test
    void aCopyOfAnAlterationThatArrivesAfterAnotherOneChangesNothing() {
        CacheInfo cache = created("c");
        var first = new Request.AlterCache(cache.id(), 1, null, 7L, null, null, null);
        answer(first);
        CacheInfo second = only(answer(new Request.AlterCache(cache.id(), 2, null, 8L, null, null, null)));
        assertThat(answer(first)).isInstanceOfSatisfying(Reply.Refused.class, refusal -> {
            assertThat(refusal.status()).isEqualTo(Status.DEFINITION_DIFFERS);
            assertThat(refusal.message()).contains("Cache c", "revision 3", "1 was to be altered");
        });
        assertThat(control.cache(cache.id())).isEqualTo(second);
    }

    private static DrainedNode drained(Reply reply) {
        return ((Reply.Drained) reply).drained();
    }

    @Test
    void aNodeIsDrainedUntilThatIsEnded() {
        assertThat(drained(answer(new Request.DrainNode(B, 0)))).isEqualTo(new DrainedNode(1, B));
        assertThat(control.isDrained(B)).isTrue();
        assertThat(control.isDrained(A)).isFalse();
        assertThat(drained(answer(new Request.DrainNode(B, 0)))).isEqualTo(new DrainedNode(1, B));
        assertThat(drained(answer(new Request.DrainNode(null, 1)))).isEqualTo(new DrainedNode(2, null));
        assertThat(control.isDrained(B)).isFalse();
    }

    @Test
    void aSecondNodeIsNotDrained() {
        answer(new Request.DrainNode(B, 0));
        assertThat(answer(new Request.DrainNode(A, 1))).isInstanceOfSatisfying(Reply.Refused.class, refusal -> {
            assertThat(refusal.status()).isEqualTo(Status.INVALID);
            assertThat(refusal.message()).contains("Node b is drained", "lockstep node undrain b");
        });
        assertThat(control.isDrained(B)).isTrue();
        assertThat(control.isDrained(A)).isFalse();
    }

    @Test
    void anUnknownNodeIsNotDrained() {
        assertThat(answer(new Request.DrainNode(new NodeId("z"), 0)))
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refusal -> assertThat(refusal.message()).contains("no node z", "a@a:1", "b@b:1"));
        assertThat(drained(answer(new Request.DrainNode(null, 0)))).isEqualTo(DrainedNode.NONE);
    }

    @Test
    void aCopyOfADrainThatArrivesAfterItWasEndedChangesNothing() {
        Request drain = new Request.DrainNode(B, 0);
        answer(drain);
        answer(new Request.DrainNode(null, 1));
        assertThat(answer(drain)).isInstanceOf(Reply.Refused.class);
        assertThat(control.isDrained(B)).isFalse();
    }

    @Test
    void theDrainedNodeIsPartOfACheckpoint() {
        ClusterMachine machine = new ClusterMachine(ClusterVersion.Range.OWN);
        machine.drain(new Request.DrainNode(B, 0));
        ClusterMachine restored = new ClusterMachine(ClusterVersion.Range.OWN);
        restored.restore(machine.record(), 0);
        assertThat(restored.drained()).isEqualTo(new DrainedNode(1, B));
    }

    @Test
    void theDrainedNodeIsConfirmedByARound() {
        answer(new Request.DrainNode(B, 0));
        control.describeDrained(replies::add);
        assertThat(replies).isEmpty();
        peers.confirm(B, true);
        assertThat(replies).containsExactly(new Reply.Drained(new DrainedNode(1, B)));
    }

    private static AccessChange user(String name, String... roles) {
        return new AccessChange.PutUser(User.certified(name, Set.of(roles)), true);
    }

    private static AccessChange role(String name, Right right) {
        return new AccessChange.PutRole(new Role(name, Set.of(right), Map.of()));
    }

    private AccessRules changed(int revision, AccessChange change) {
        return ((Reply.Access) answer(new Request.ChangeAccess(revision, change))).rules();
    }

    private void isRefused(int revision, AccessChange change, String why) {
        assertThat(answer(new Request.ChangeAccess(revision, change)))
                .isInstanceOfSatisfying(Reply.Refused.class, refusal -> {
                    assertThat(refusal.status()).isEqualTo(Status.INVALID);
                    assertThat(refusal.message()).contains(why);
                });
    }

    @Test
    void theFirstUserIsAnAdministratorAndTheLastOneStays() {
        isRefused(0, user("ada", "shop"), "roles that do not exist: [shop]");
        changed(0, role("shop", Right.MONITOR));
        isRefused(1, user("ada", "shop"), "No user would have the right to administer");
        changed(1, user("root", "administrator"));
        AccessRules rules = changed(2, user("ada", "shop"));
        assertThat(rules.users()).containsOnlyKeys("ada", "root");
        isRefused(3, new AccessChange.RemoveUser("root"), "No user would have the right to administer");
        isRefused(3, user("root", "shop"), "No user would have the right to administer");
        isRefused(3, new AccessChange.RemoveRole("shop"), "User ada would have roles that do not exist");
        isRefused(3, role("administrator", Right.MONITOR), "can't be changed");
        assertThat(changed(3, new AccessChange.RemoveUser("ada")).users()).containsOnlyKeys("root");
        assertThat(changed(4, new AccessChange.RemoveRole("shop")).roles()).isEmpty();
    }

    @Test
    void aCopyOfAChangeOfAccessThatArrivesLateChangesNothing() {
        changed(0, user("root", "administrator"));
        changed(1, user("ada", "administrator"));
        assertThat(changed(1, user("ada", "administrator")).revision()).isEqualTo(2);
        changed(2, new AccessChange.RemoveUser("ada"));
        isRefused(1, user("ada", "administrator"), "Another client has changed users or roles meanwhile");
    }

    @Test
    void aUserKeepsItsPasswordWhichIsNotTold() {
        User root = User.certified("root", Set.of("administrator"));
        changed(0, new AccessChange.PutUser(root.with(VERIFIER), false));
        AccessRules told = changed(1, role("shop", Right.MONITOR));
        assertThat(told.users().get("root").verifier()).isEqualTo(AccessRules.HAS_PASSWORD);
        assertThat(told.toString()).doesNotContain(VERIFIER);
        changed(2, user("root", "administrator", "shop"));
        control.keepAccess();
        peers.confirm(B, true);
        assertThat(control.access().users().get("root").verifier()).isEqualTo(VERIFIER);
        assertThat(changed(3, new AccessChange.PutUser(root, false))
                        .users()
                        .get("root")
                        .verifier())
                .isNull();
    }

    @Test
    void accessIsUnknownUntilTheReplicaHasOnceBeenAsNewAsTheGroup() {
        follow();
        assertThat(control.access()).isNull();
        control.keepAccess();
        assertThat(control.access()).isNull();
        peers.answer(peers.of(B).get(0), new Reply.Access(new AccessRules(1, new TreeMap<>(), new TreeMap<>())));
        assertThat(control.access()).isNull();
        log.apply(new ControlCommand.Plain(new Request.ChangeAccess(0, role("shop", Right.MONITOR))).encode());
        control.keepAccess();
        peers.answer(peers.of(B).get(0), new Reply.Access(new AccessRules(1, new TreeMap<>(), new TreeMap<>())));
        assertThat(control.access()).isNotNull();
        assertThat(control.access().roles()).containsOnlyKeys("shop");
    }

    @Test
    void accessIsPartOfACheckpoint() {
        ClusterMachine machine = new ClusterMachine(ClusterVersion.Range.OWN);
        machine.change(new Request.ChangeAccess(0, user("root", "administrator")));
        ClusterMachine restored = new ClusterMachine(ClusterVersion.Range.OWN);
        restored.restore(machine.record(), 0);
        assertThat(restored.access()).isEqualTo(machine.access());
        assertThat(restored.access().users()).containsOnlyKeys("root");
    }

    @Test
    void anUnknownOutcomeIsIndeterminate() {
        log.hold();
        control.propose(create("c"), replies::add);
        log.fail(new UnknownOutcomeException("deposed", new IllegalStateException()));
        assertThat(status()).isEqualTo(Status.INDETERMINATE);
    }

    @Test
    void aListIsConfirmedByARound() {
        CacheInfo cache = created("c");
        control.list(replies::add);
        assertThat(replies).isEmpty();
        peers.confirm(B, true);
        assertThat(replies).containsExactly(new Reply.Caches(List.of(cache), 1));
    }

    @Test
    void aCopyOfACreationThatArrivesAfterTheCacheWasDestroyedCreatesNothing() {
        CacheInfo cache = created("c");
        control.propose(new Request.DestroyCache(cache.id()), replies::add);
        replies.clear();
        control.propose(create("c"), replies::add);
        assertThat(replies).containsExactly(new Reply.Caches(List.of(), cache.id()));
        assertThat(control.isDestroyed(cache.id())).isTrue();
        control.propose(create("c", cache.id()), replies::add);
        assertThat(((Reply.Created) replies.get(1)).cache().id()).isEqualTo(cache.id() + 1);
    }

    @Test
    void aCreatorThatKnowsNoCacheAttachesToAnExistingOne() {
        CacheInfo cache = created("c");
        only(answer(create("d", cache.id())));
        control.propose(create("c"), replies::add);
        assertThat(((Reply.Caches) replies.get(0)).caches()).containsExactly(cache);
    }

    @Test
    void aDestroyedCacheIsDistinguishedFromAnUnknownOne() {
        CacheInfo cache = created("c");
        assertThat(control.isDestroyed(cache.id())).isFalse();
        control.propose(new Request.DestroyCache(cache.id()), replies::add);
        assertThat(control.isDestroyed(cache.id())).isTrue();
        assertThat(control.cache(cache.id())).isNull();
        assertThat(control.isDestroyed(cache.id() + 1)).isFalse();
    }

    @Test
    void aFollowerHearsOfACacheALittleLater() {
        follow();
        control.learn(1, learnt::add);
        assertThat(learnt).isEmpty();
        decide(create("c"));
        world.pass(Duration.ZERO);
        assertThat(learnt).hasSize(1).containsOnlyNulls();
        assertThat(peers.questions()).isEmpty();
    }

    @Test
    void aFollowerThatHearsNothingAsksTheLeader() {
        follow();
        control.learn(1, learnt::add);
        world.pass(WAIT);
        ScriptedPeers.Question question = peers.of(B).get(0);
        assertThat(question.request()).isInstanceOf(Request.ListCaches.class);
        peers.answer(question, new Reply.Caches(List.of(), 0));
        assertThat(learnt.get(0).status()).isEqualTo(Status.NO_SUCH_CACHE);
    }

    @Test
    void aFollowerThatCanNotBeSureSaysSo() {
        follow();
        for (Reply unsure : new Reply[] {null, Reply.Refused.of(Status.MOVED, "scripted")}) {
            control.learn(1, learnt::add);
            world.pass(WAIT);
            peers.answer(peers.of(B).get(0), unsure);
        }
        log.become(following(2, null, VOTERS));
        control.learn(1, learnt::add);
        world.pass(WAIT);
        assertThat(learnt)
                .hasSize(3)
                .allSatisfy(refusal -> assertThat(refusal.status()).isEqualTo(Status.BUSY));
    }

    @Test
    void aCacheThatTheLeaderHasAndThisNodeHasNotIsNotDenied() {
        follow();
        control.learn(1, learnt::add);
        world.pass(WAIT);
        CacheInfo cache =
                new CacheInfo(1, ((Request.CreateCache) create("c")).proposal().completed(CacheSettings.NOTHING));
        peers.answer(peers.of(B).get(0), new Reply.Caches(List.of(cache), 1));
        assertThat(learnt.get(0).status()).isEqualTo(Status.BUSY);
    }

    @Test
    void theLeaderDeniesACacheOnceItIsConfirmed() {
        control.learn(1, learnt::add);
        world.pass(Duration.ofMillis(4));
        assertThat(learnt).isEmpty();
        peers.confirm(B, true);
        assertThat(learnt.get(0).status()).isEqualTo(Status.NO_SUCH_CACHE);
    }

    @Test
    void theGroupAgreesOnTheLayoutOfTheFormationFirst() {
        assertThat(control.layout().isFormed()).isFalse();
        assertThat(change(new Request.RemoveNode(B)))
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refusal -> assertThat(refusal.status()).isEqualTo(Status.BUSY));
        control.keepLayout(node -> 0);
        assertThat(control.layout().version()).isEqualTo(1);
        assertThat(control.layout().map().replicasOf(0)).containsExactlyInAnyOrderElementsOf(VOTERS);
    }

    @Test
    void aMemberThatLeavesIsReplacedByOneThatIsAddedAndThenGone() {
        Member d = new Member(new NodeId("d"), "d", 1);
        control.keepLayout(node -> 0);
        assertThat(change(new Request.AddNode(d, null))).isEqualTo(new Reply.Done());
        assertThat(change(new Request.RemoveNode(B))).isEqualTo(new Reply.Done());
        control.keepLayout(node -> 0);
        assertThat(control.layout().targetOf(0))
                .contains(d.id())
                .doesNotContain(B)
                .hasSize(3);
        assertThat(control.layout().hostsOf(0)).contains(B);
        assertThat(control.layout().member(B)).isNotNull();
        finishMoves(node -> 0);
        assertThat(control.layout().hostsOf(ShardMap.CONTROL_GROUP)).containsExactly(A, new NodeId("c"), d.id());
        assertThat(control.layout().member(B)).isNull();
        long settled = control.layout().version();
        control.keepLayout(node -> 0);
        assertThat(control.layout().version()).isEqualTo(settled);
    }

    @Test
    void theReplicasOfAMemberThatHasNotAnsweredForLongArePlacedOnOthersUntilItIsBack() {
        Member d = new Member(new NodeId("d"), "d", 1);
        control.keepLayout(node -> 0);
        change(new Request.AddNode(d, null));
        finishMoves(node -> 0);
        assertThat(control.layout().hostsOf(0)).contains(B);
        ToLongFunction<NodeId> notYet = node -> node.equals(B) ? REPLACE_AFTER.toNanos() - 1 : 0;
        control.keepLayout(notYet);
        assertThat(control.layout().standing(Standing.GONE)).isEmpty();
        finishMoves(node -> node.equals(B) ? REPLACE_AFTER.toNanos() : 0);
        assertThat(control.layout().standing(Standing.GONE)).containsExactly(B);
        assertThat(control.layout().hostsOf(0))
                .contains(d.id())
                .doesNotContain(B)
                .hasSize(3);
        finishMoves(node -> 0);
        assertThat(control.layout().standing(Standing.GONE)).isEmpty();
        assertThat(control.layout().hostsOf(ShardMap.CONTROL_GROUP)).containsExactly(A, new NodeId("c"), d.id());
    }

    /** A layout by which B alone hosts the group. */
    private Layout hostedByB() {
        Layout formed = control.layout().formed();
        return formed.moving(Map.of(ShardMap.CONTROL_GROUP, List.of(B))).moved(ShardMap.CONTROL_GROUP);
    }

    private ScriptedPeers.Question copying(NodeId from, long since) {
        assertThat(peers.of(from))
                .extracting(ScriptedPeers.Question::request)
                .containsExactly(new Request.CopyControl(since));
        return peers.of(from).get(0);
    }

    /** The answer of B, which has decided some things, of which the last has a position. */
    private static Reply.ControlCopy decided(long position, String... caches) {
        ClusterMachine machine = new ClusterMachine(ClusterVersion.Range.OWN);
        machine.at(position);
        for (String name : caches) {
            CacheProposal proposal = ((Request.CreateCache) create(name)).proposal();
            machine.create(new ControlCommand.Create(
                    proposal, proposal.completed(CacheSettings.NOTHING), machine.highestId(), false));
        }
        return machine.copy(B, 0);
    }

    @Test
    void aNodeWithoutAReplicaCopiesWhatTheHostsKnow() {
        control.release();
        control.keepUp(hostedByB());
        assertThat(control.isInformed()).isFalse();
        peers.answer(copying(B, 0), decided(7, "c"));
        assertThat(control.isInformed()).isTrue();
        assertThat(control.cache(1)).isNotNull();
        control.keepUp(hostedByB());
        peers.answer(copying(B, 7), decided(6));
        assertThat(control.cache(1)).as("an older copy is not taken").isNotNull();
        control.list(replies::add);
        assertThat(((Reply.Refused) replies.get(0)).leader()).isEqualTo(B);
    }

    @Test
    void aNodeThatKnowsNothingAsksAllMembersInTurnsAndOneThatKnowsSomethingTheHosts() {
        control.release();
        control.keepUp(hostedByB());
        control.keepUp(hostedByB());
        assertThat(peers.questions()).as("one at a time").hasSize(1);
        world.pass(SILENCE);
        control.keepUp(hostedByB());
        assertThat(peers.questions())
                .extracting(ScriptedPeers.Question::peer)
                .containsExactlyInAnyOrder(B, new NodeId("c"));
        world.pass(SILENCE);
        control.keepUp(hostedByB());
        assertThat(peers.questions())
                .as("who has not answered is not asked again")
                .hasSize(2);
        peers.answer(peers.of(new NodeId("c")).get(0), decided(7, "c"));
        peers.answer(peers.of(B).get(0), null);
        control.keepUp(hostedByB());
        assertThat(peers.questions()).singleElement().isEqualTo(copying(B, 7));
    }

    @Test
    void aRequestForAnUnknownCacheHasTheHostsAskedAtOnce() {
        control.release();
        control.keepUp(hostedByB());
        peers.answer(peers.questions().get(0), decided(7, "c"));
        control.learn(2, learnt::add);
        peers.answer(copying(B, 7), decided(8, "c", "d"));
        world.pass(Duration.ZERO);
        assertThat(learnt).hasSize(1).containsOnlyNulls();
        control.learn(3, learnt::add);
        peers.answer(copying(B, 8), decided(8, "c", "d"));
        world.pass(WAIT);
        ScriptedPeers.Question question = peers.of(B).get(0);
        assertThat(question.request()).isInstanceOf(Request.ListCaches.class);
        peers.answer(question, new Reply.Caches(List.of(), 2));
        assertThat(learnt.get(1).status()).isEqualTo(Status.NO_SUCH_CACHE);
    }

    @Test
    void aNodeWithoutAReplicaKnowsUsersOnceItIsAsNewAsTheLeader() {
        control.release();
        control.keepUp(hostedByB());
        peers.answer(peers.questions().get(0), decided(7));
        control.keepAccess();
        peers.answer(peers.of(B).get(0), new Reply.Access(new AccessRules(1, new TreeMap<>(), new TreeMap<>())));
        assertThat(control.access()).isNull();
        ClusterMachine newer = new ClusterMachine(ClusterVersion.Range.OWN);
        newer.at(8);
        newer.change(new Request.ChangeAccess(0, role("shop", Right.MONITOR)));
        control.keepUp(hostedByB());
        peers.answer(peers.questions().get(0), newer.copy(B, 7));
        control.keepAccess();
        peers.answer(peers.of(B).get(0), new Reply.Access(new AccessRules(1, new TreeMap<>(), new TreeMap<>())));
        assertThat(control.access().roles()).containsOnlyKeys("shop");
    }

    @Test
    void aReplicaThatIsOpenedLaterCountsOnceItHasAppliedAsMuch() {
        control.release();
        control.keepUp(hostedByB());
        peers.answer(peers.questions().get(0), decided(2, "c"));
        control.open(List.of(B));
        follow();
        assertThat(control.cache(1)).isNotNull();
        log.apply(new ControlCommand.Lay(control.layout().formed()).encode());
        assertThat(control.layout().isFormed()).isFalse();
        decide(create("d"));
        assertThat(control.layout().isFormed()).isTrue();
        assertThat(control.cache(1).definition().name()).isEqualTo("d");
        control.release();
        assertThat(control.cache(1).definition().name()).as("what it knew").isEqualTo("d");
    }

    @Test
    void aHostCopiesNothingAndAnswersWhatItHasDecided() {
        control.keepLayout(node -> 0);
        control.keepUp(control.layout());
        assertThat(peers.questions()).isEmpty();
        control.copy(new Request.CopyControl(1), replies::add);
        assertThat(replies).as("it waits for news").isEmpty();
        log.apply(new ControlCommand.Plain(new Request.DrainNode(B, 0)).encode());
        world.pass(Duration.ZERO);
        Reply.ControlCopy copy = (Reply.ControlCopy) replies.remove(0);
        assertThat(copy.position()).isEqualTo(2);
        assertThat(copy.leader()).isEqualTo(A);
        ClusterMachine restored = new ClusterMachine(ClusterVersion.Range.OWN);
        restored.restore(copy.state().array(), 2);
        assertThat(restored.drained().node()).isEqualTo(B);
        control.copy(new Request.CopyControl(1), replies::add);
        assertThat(replies.remove(0)).as("at once").isEqualTo(copy);
        control.copy(new Request.CopyControl(2), replies::add);
        world.pass(SILENCE);
        assertThat(replies).containsExactly(new Reply.ControlCopy(A, 2, null));
    }

    @Test
    void aNodeWithoutAReplicaAnswersAtOnceWhatItHasCopied() {
        control.release();
        control.keepUp(hostedByB());
        peers.answer(peers.questions().get(0), decided(7, "c"));
        control.copy(new Request.CopyControl(7), replies::add);
        assertThat(replies).containsExactly(new Reply.ControlCopy(B, 7, null));
    }

    @Test
    void aNodeThatIsToHostTheGroupCopiesUntilItDoes() {
        Layout joining = hostedByB().moving(Map.of(ShardMap.CONTROL_GROUP, List.of(A, B)));
        control.keepUp(joining);
        peers.answer(peers.questions().get(0), decided(7, "c"));
        control.keepUp(joining.moved(ShardMap.CONTROL_GROUP));
        assertThat(peers.questions()).isEmpty();
    }

    @Test
    void nothingIsCopiedInAClusterWhoseMembersCantAnswerThat() {
        control.release();
        Layout older = Layout.settled(
                0,
                new ClusterVersion(2),
                control.layout().nodes(),
                control.layout().map());
        control.keepUp(older.formed().moving(Map.of(ShardMap.CONTROL_GROUP, List.of(B))));
        assertThat(peers.questions()).isEmpty();
    }

    private void finishMoves(ToLongFunction<NodeId> silentNanos) {
        for (int i = 0; i < 3; i++) {
            control.keepLayout(silentNanos);
            control.layout().moves().forEach((group, move) -> change(new Request.ReplicasMoved(group, move.since())));
        }
    }

    @Test
    void aLayoutThatIsNotTheNextOneChangesNothing() {
        Layout formed = control.layout().formed();
        ClusterMachine machine = new ClusterMachine(ClusterVersion.Range.OWN);
        assertThat(machine.lay(formed.with(B, Standing.LEAVING))).isInstanceOf(Reply.Refused.class);
        assertThat(machine.layout()).isNull();
        assertThat(machine.lay(formed)).isEqualTo(new Reply.Done());
        assertThat(machine.lay(formed)).isInstanceOf(Reply.Refused.class);
        assertThat(machine.layout()).isEqualTo(formed);
    }

    @Test
    void anEntryOfAnotherFormatIsRefusedNamingBoth() {
        byte[] entry = new ControlCommand.Plain(new Request.DestroyCache(1)).encode();
        entry[0]++;
        assertThatThrownBy(() -> ControlCommand.decode(entry))
                .isInstanceOf(UnknownFormatException.class)
                .hasMessageContaining("format " + (ControlCommand.FORMAT + 1))
                .hasMessageContaining("reads format " + ControlCommand.FORMAT);
    }

    @Test
    void theLayoutIsPartOfACheckpoint() {
        Layout layout = control.layout().formed().with(B, Standing.LEAVING).moving(Map.of(0, List.of(A)));
        ClusterMachine machine = new ClusterMachine(ClusterVersion.Range.OWN);
        machine.lay(control.layout().formed());
        machine.lay(control.layout().formed().with(B, Standing.LEAVING));
        machine.lay(layout);
        ClusterMachine restored = new ClusterMachine(ClusterVersion.Range.OWN);
        restored.restore(machine.record(), 0);
        assertThat(restored.layout()).isEqualTo(layout);
    }

    @Test
    void aNodeThatIsAMemberNoMoreIsNotDrainedEither() {
        Layout formed = control.layout().formed();
        ClusterMachine machine = new ClusterMachine(ClusterVersion.Range.OWN);
        machine.lay(formed);
        machine.drain(new Request.DrainNode(B, 0));
        machine.lay(formed.without(B));
        assertThat(machine.drained()).isEqualTo(new DrainedNode(2, null));
    }
}
