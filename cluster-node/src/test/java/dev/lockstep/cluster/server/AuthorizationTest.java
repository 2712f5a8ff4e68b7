package dev.lockstep.cluster.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.shard.CacheCatalog;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Samples;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A cluster whose caches have even ids if they are called orders, and odd ones if they are called users. */
class AuthorizationTest {

    private static final String ADA = "ada";
    private static final Set<Class<?>> HANDSHAKE = Set.of(Request.Hello.class, Request.Authenticate.class);
    private static final Pattern ROW = Pattern.compile("\\| ((?:`[A-Z]\\w+`(?:, )?)+) \\| ([a-z, *`-]+) \\|");

    private @Nullable AccessRules rules = AccessRules.OPEN;
    private int revision;
    private final Map<Integer, CacheInfo> unknown = new HashMap<>();

    private final CacheCatalog caches = new CacheCatalog() {
        @Override
        public @Nullable CacheInfo cache(int cacheId) {
            return unknown.containsKey(cacheId) ? null : cacheCalled(cacheId % 2 == 0 ? "orders" : "users", cacheId);
        }

        @Override
        public boolean isDestroyed(int cacheId) {
            return false;
        }

        @Override
        public void learn(int cacheId, Consumer<Reply.@Nullable Refused> then) {
            assertThat(unknown.remove(cacheId)).isNotNull();
            then.accept(null);
        }
    };

    private final Authorization authorization = new Authorization(() -> rules, caches);
    private final Authorization.Access ada = authorization.of(new Identity.OfUser(ADA, "here"));

    private static CacheInfo cacheCalled(String name, int id) {
        return new CacheInfo(id, new CacheDefinition(name, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION));
    }

    private AccessRules with(Role... roles) {
        TreeMap<String, Role> byName = new TreeMap<>();
        Stream.of(roles).forEach(role -> byName.put(role.name(), role));
        return new AccessRules(
                ++revision,
                new TreeMap<>(Map.of(
                        ADA,
                        User.certified(ADA, byName.isEmpty() ? Set.of("other") : byName.keySet()),
                        "root",
                        User.certified("root", Set.of(Role.ADMINISTRATOR.name())))),
                byName);
    }

    private static Role on(String pattern, Right... rights) {
        return new Role("r" + pattern.length(), Set.of(), Map.of(pattern, Set.of(rights)));
    }

    private @Nullable Status decision(Authorization.Access access, Request request) {
        List<Reply.@Nullable Refused> decisions = new ArrayList<>();
        access.decide(request, decisions::add);
        assertThat(decisions).hasSize(1);
        Reply.Refused refusal = decisions.get(0);
        return refusal == null ? null : refusal.status();
    }

    private static Stream<Request> requests() {
        return Samples.requests().stream()
                .filter(request -> !HANDSHAKE.contains(request.getClass()) && !(request instanceof Request.PassOn));
    }

    private static Request.Get get(int cacheId) {
        return new Request.Get(cacheId, 0, List.of(), true, Consistency.SESSION, 0, 0);
    }

    private static Request.CreateCache create(String name) {
        return new Request.CreateCache(
                CacheProposal.exactly(cacheCalled(name, 1).definition()), 0);
    }

    /** Every subset of rights against every request: those that it names are needed, and no others. */
    @ParameterizedTest
    @MethodSource("requests")
    void aRequestNeedsTheRightsThatItNames(Request request) {
        for (int bits = 1; bits < 1 << Right.values().length; bits++) {
            Set<Right> rights = EnumSet.noneOf(Right.class);
            for (Right right : Right.values()) {
                if ((bits & 1 << right.ordinal()) != 0) {
                    rights.add(right);
                }
            }
            Map<Boolean, Set<Right>> split =
                    rights.stream().collect(Collectors.partitioningBy(Right::isOnCaches, Collectors.toSet()));
            rules = with(new Role("some", split.get(false), Map.of(Role.ALL, split.get(true))));
            boolean opens =
                    request instanceof Request.CreateCache && !split.get(true).isEmpty();
            assertThat(decision(ada, request))
                    .as("%s with %s", request, rights)
                    .isEqualTo(
                            !request.isForNodes() && (rights.containsAll(request.rights()) || opens)
                                    ? null
                                    : Status.FORBIDDEN);
        }
    }

    /** The table in the documentation is what the requests say. */
    @Test
    void theDocumentedRightsAreThoseThatAreNeeded() throws IOException {
        Map<String, String> documented = new TreeMap<>();
        Matcher rows = ROW.matcher(Files.readString(Path.of("../docs/security.md")));
        while (rows.find()) {
            for (String name : rows.group(1).replace("`", "").split(", ")) {
                documented.merge(name, rows.group(2), (one, other) -> one + " or " + other);
            }
        }
        Map<String, String> needed = new TreeMap<>();
        requests().forEach(request -> {
            String words = request.isForNodes()
                    ? "nodes only"
                    : request.rights().isEmpty()
                            ? "none"
                            : Role.words(new TreeSet<>(request.rights())).replace(",", ", ");
            needed.merge(request.getClass().getSimpleName(), words, (one, other) -> one.contains(other) ? one : other);
        });
        assertThat(documented).isEqualTo(needed);
    }

    @ParameterizedTest
    @MethodSource("requests")
    void aUserWhomTheClusterDoesNotKnowMayAskForNothing(Request request) {
        rules = with(on("*", Right.READ));
        assertThat(decision(authorization.of(new Identity.OfUser("eve", "there")), request))
                .isEqualTo(Status.FORBIDDEN);
    }

    @ParameterizedTest
    @MethodSource("requests")
    void withoutUsersACertificateIsEnoughForAllThatClientsAsk(Request request) {
        assertThat(decision(ada, request)).isEqualTo(request.isForNodes() ? Status.FORBIDDEN : null);
    }

    @ParameterizedTest
    @MethodSource("requests")
    void nothingIsGrantedBeforeTheRulesAreKnown(Request request) {
        rules = null;
        assertThat(decision(ada, request)).isEqualTo(Status.BUSY);
        assertThat(ada.mayRead(List.of(2))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("requests")
    void nodesAndTheApplicationInThisJvmMayAskForEverything(Request request) {
        rules = with(on("*", Right.READ));
        assertThat(decision(authorization.of(new Identity.OfNode(new NodeId("n1"))), request))
                .isNull();
        assertThat(decision(authorization.of(new Identity.InThisJvm()), request))
                .isNull();
    }

    @Test
    void rightsOnCachesFollowTheirNames() {
        rules = with(on("ord*", Right.READ), on("users", Right.WRITE));
        assertThat(decision(ada, get(2))).isNull();
        assertThat(decision(ada, get(3))).isEqualTo(Status.FORBIDDEN);
        var both = List.of(new Request.Subscribe.Start(2, -1), new Request.Subscribe.Start(3, -1));
        assertThat(decision(ada, new Request.Subscribe(0, 0, both))).isEqualTo(Status.FORBIDDEN);
        assertThat(decision(ada, new Request.Subscribe(0, 0, both.subList(0, 1))))
                .isNull();
        assertThat(decision(ada, new Request.FetchCheckpoint(0, 0, 0, 0, 0))).isEqualTo(Status.FORBIDDEN);
        assertThat(ada.mayRead(List.of(2))).isTrue();
        assertThat(ada.mayRead(List.of(2, 3))).isFalse();
    }

    @Test
    void aCacheThatIsNotKnownYetIsLearntBeforeItIsDecidedAbout() {
        rules = with(on("orders", Right.READ));
        unknown.put(2, cacheCalled("orders", 2));
        unknown.put(3, cacheCalled("users", 3));
        assertThat(decision(ada, get(2))).isNull();
        assertThat(decision(ada, get(3))).isEqualTo(Status.FORBIDDEN);
        assertThat(unknown).isEmpty();
    }

    @Test
    void aChangeOfTheRulesHoldsAtOnce() {
        rules = with(on("*", Right.READ));
        assertThat(decision(ada, get(2))).isNull();
        rules = with(on("*", Right.WRITE));
        assertThat(decision(ada, get(2))).isEqualTo(Status.FORBIDDEN);
    }

    @Test
    void onlyCachesOnWhichThereIsARightAreListed() {
        rules = with(on("orders", Right.WRITE));
        Reply all = ada.visible(new Reply.Caches(List.of(cacheCalled("orders", 2), cacheCalled("users", 3)), 3));
        assertThat(all).isEqualTo(new Reply.Caches(List.of(cacheCalled("orders", 2)), 3));
    }

    @Test
    void withoutTheRightToCreateACacheIsOnlyOpened() {
        rules = with(on("orders", Right.READ), on("mine*", Right.CREATE));
        assertThat(decision(ada, create("secret"))).isEqualTo(Status.FORBIDDEN);
        assertThat(decision(ada, create("orders"))).isNull();
        assertThat(ada.restricted(create("orders")))
                .isEqualTo(new Request.CreateCache(create("orders").proposal(), 0, true));
        assertThat(ada.restricted(create("mine-1"))).isEqualTo(create("mine-1"));
    }
}
