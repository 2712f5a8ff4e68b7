package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three nodes with 128 MiB of heap each, and more puts than fit there: 128 MiB of values, or as many as {@code -Dlockstep-test.memory-mib}
 * says.
 */
class MemoryIT {

    private static final int VALUE_BYTES = 8 * 1024;
    private static final int PUTS = Integer.getInteger("lockstep-test.memory-mib", 128) * (1 << 20) / VALUE_BYTES;
    private static final int IN_FLIGHT = 64;

    /** The part of the values that must have had room, of a heap of 128 MiB: a third. */
    private static final int LEAST = (128 << 20) / 3 / VALUE_BYTES;

    @TempDir
    Path home;

    private NodeProcesses nodes;
    private Clients clients;
    private Session session;

    @BeforeEach
    void start() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        nodes = NodeProcesses.start(
                home, members, id -> NodeProcesses.configuration(id, members, ""), Map.of("_JAVA_OPTIONS", "-Xmx128m"));
        clients = new Clients("processes", nodes.addresses());
        session = clients.open();
    }

    @AfterEach
    void stop() {
        clients.close();
        nodes.close();
    }

    private int create(String name, long maxBytes) {
        var definition = new CacheDefinition(
                name, "k", "v", ExpiryRule.ETERNAL, "", 0, maxBytes, Consistency.SESSION, EntryProcessing.LEASED);
        return session.createCache(definition).join().id();
    }

    private static Bytes key(int i) {
        return Bytes.utf8("key-" + i);
    }

    private static Bytes value(int i) {
        byte[] value = new byte[VALUE_BYTES];
        value[0] = (byte) i;
        return Bytes.of(value);
    }

    private CompletableFuture<?> put(int cache, int i) {
        return session.write(cache, Mutation.put(key(i), value(i), Condition.ANY), LeaseId.NONE);
    }

    private boolean has(int cache, int i) {
        return session.get(cache, key(i), Consistency.STRONG).join().entry() != null;
    }

    /**
     * Returns the keys that were stored; all others were refused as {@link Status#FULL}, but for a few whose outcome is unknown: a leader that
     * has changed is full when they are sent again.
     */
    private Set<Integer> fill(int cache) {
        AtomicInteger unknown = new AtomicInteger();
        Set<Integer> stored = ConcurrentHashMap.newKeySet();
        Deque<CompletableFuture<?>> inFlight = new ArrayDeque<>();
        for (int i = 0; i < PUTS; i++) {
            int number = i;
            inFlight.add(put(cache, i).handle((done, failure) -> {
                if (failure == null) {
                    stored.add(number);
                } else {
                    assertThat(Futures.cause(failure)).isInstanceOfSatisfying(RequestFailedException.class, refused -> {
                        if (refused.status() == Status.INDETERMINATE) {
                            unknown.incrementAndGet();
                            return;
                        }
                        assertThat(refused.status()).isEqualTo(Status.FULL);
                        assertThat(refused)
                                .hasMessageContaining("limits.memory")
                                .hasMessageContaining("max-bytes");
                    });
                }
                return null;
            }));
            if (inFlight.size() == IN_FLIGHT) {
                inFlight.remove().join();
            }
        }
        inFlight.forEach(CompletableFuture::join);
        assertThat(unknown).hasValueLessThan(PUTS / 100);
        return stored;
    }

    private void allAreWell() throws Exception {
        for (NodeProcess node : nodes.nodes()) {
            assertThat(node.isRunning()).isTrue();
            assertThat(Files.readString(node.log())).doesNotContain("OutOfMemoryError", "Stopping the replica");
        }
    }

    @Test
    void aFullClusterRefusesPutsAndServesAllElse() throws Exception {
        int cache = create("unbounded", 0);
        Set<Integer> stored = fill(cache);
        System.out.println(stored.size() + " of " + PUTS + " values of " + VALUE_BYTES + " bytes had room");
        assertThat(stored).hasSizeGreaterThan(LEAST).hasSizeLessThan(PUTS);
        allAreWell();
        int some = stored.iterator().next();
        assertThat(has(cache, some)).isTrue();
        put(cache, some).join(); // of the same size
        List<Integer> removed = stored.stream().limit(1_000).toList();
        for (int i : removed) {
            session.write(cache, Mutation.remove(key(i), Condition.ANY), LeaseId.NONE)
                    .join();
        }
        assertThat(has(cache, removed.get(0))).isFalse();
        Eventually.holds("there is room again", () -> {
            try {
                put(cache, PUTS).join();
                return true;
            } catch (RuntimeException full) {
                return false;
            }
        });
        assertThat(has(cache, PUTS)).isTrue();
        allAreWell();
    }

    @Test
    void aBoundedCacheKeepsServing() throws Exception {
        int cache = create("bounded", 1L << 30);
        assertThat(fill(cache)).hasSizeGreaterThan(PUTS - PUTS / 100);
        allAreWell();
        assertThat(has(cache, PUTS - 1)).isTrue();
    }
}
