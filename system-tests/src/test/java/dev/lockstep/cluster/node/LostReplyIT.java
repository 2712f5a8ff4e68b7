package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.cluster.testing.TcpProxy;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.WriteResult;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client whose every connection goes through a proxy that can swallow replies; a second one looks on. */
class LostReplyIT {

    private static final Bytes KEY = Bytes.utf8("key");
    private static final Bytes A = Bytes.utf8("a");
    private static final Bytes B = Bytes.utf8("b");

    @TempDir
    static Path home;

    private static NodeProcesses nodes;

    private final Map<Integer, TcpProxy> proxies = new HashMap<>();
    private Clients clients;
    private Session session;
    private Session onlooker;
    private int cache;

    @BeforeAll
    static void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 1"));
    }

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @BeforeEach
    void connect() throws Exception {
        for (NodeProcess node : nodes.nodes()) {
            proxies.put(node.member().port(), new TcpProxy(node.member().port()));
        }
        clients = new Clients("processes", nodes.addresses());
        session = clients.open(port -> proxies.get(port).port());
        onlooker = clients.open();
        var definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
        cache = session.createCache(definition).join().id();
        session.write(cache, Mutation.put(KEY, A, Condition.ANY), LeaseId.NONE).join();
    }

    /** The next test finds all nodes and no cache. */
    @AfterEach
    void mend() throws Exception {
        nodes.makeWhole();
        onlooker.destroyCache(cache).join();
        clients.close();
        for (TcpProxy proxy : proxies.values()) {
            proxy.close();
        }
    }

    private EntryRead current() {
        return onlooker.get(cache, KEY, Consistency.STRONG).join().entry();
    }

    private NodeProcess leader() throws Exception {
        NodeId[] found = new NodeId[1];
        Eventually.holds("a leader is known", () -> {
            try (Session asking = clients.open()) {
                found[0] = asking.view().leaders().get(0);
            }
            return found[0] != null;
        });
        return nodes.nodes().stream()
                .filter(node -> node.member().id().equals(found[0].name()))
                .findFirst()
                .orElseThrow();
    }

    private void all(TcpProxy.Mode mode) {
        proxies.values().forEach(proxy -> proxy.set(mode));
    }

    /** Sends a write whose reply is lost, and returns once it is applied. */
    private CompletableFuture<WriteResult> writeUnheard(Mutation mutation, LeaseId lease) throws Exception {
        long before = current().version();
        all(TcpProxy.Mode.DROP_REPLIES);
        CompletableFuture<WriteResult> write = session.write(cache, mutation, lease);
        Eventually.holds("the write is applied", () -> current().version() > before);
        assertThat(write).isNotDone();
        return write;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRetryGetsTheFirstOutcomeAlsoFromTheNextLeader(boolean kill) throws Exception {
        CompletableFuture<WriteResult> write =
                writeUnheard(Mutation.put(KEY, B, Condition.ANY).returningOld(), LeaseId.NONE);
        long version = current().version();
        if (kill) {
            leader().kill();
        }
        all(TcpProxy.Mode.PASS);
        WriteResult result = write.get(20, TimeUnit.SECONDS);
        assertThat(result.result().old()).isEqualTo(A);
        assertThat(result.result().version()).isEqualTo(version);
        assertThat(current().version()).isEqualTo(version);
    }

    @Test
    void aRequestForALeaseThatArrivesAfterItsRetryWasServedDelaysNoCaller() throws Exception {
        proxies.values().forEach(TcpProxy::keepBack);
        LeaseGrant held = session.readForUpdate(cache, KEY).get(20, TimeUnit.SECONDS);
        session.write(cache, Mutation.put(KEY, B, held.found().unchanged()), held.id())
                .get(20, TimeUnit.SECONDS);
        all(TcpProxy.Mode.PASS);
        assertThat(onlooker.readForUpdate(cache, KEY)).succeedsWithin(Duration.ofSeconds(20));
    }

    @Test
    void anUpdateUnderALeaseIsAppliedOnceThoughItsConditionHoldsNoMore() throws Exception {
        LeaseGrant held = session.readForUpdate(cache, KEY).join();
        CompletableFuture<WriteResult> write =
                writeUnheard(Mutation.put(KEY, B, held.found().unchanged()), held.id());
        leader().kill();
        all(TcpProxy.Mode.PASS);
        assertThat(write.get(20, TimeUnit.SECONDS).result().applied()).isTrue();
        assertThat(current().value()).isEqualTo(B);
    }
}
