package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user whose 256 callers ask for as much as they can, beside one that writes 100 times a second, on a node that takes 500 requests a second from
 * each. {@code -Dlockstep-test.rates-seconds} says how long each part takes.
 */
class RatesIT {

    private static final int RATE = 500;
    private static final int GREEDY_CALLERS = 256;
    private static final int SECONDS = Integer.getInteger("lockstep-test.rates-seconds", 5);
    private static final int PACED = 100 * SECONDS;
    private static final Bytes VALUE = Bytes.of(new byte[100]);

    @TempDir
    Path home;

    private final EventLoop loop = EventLoop.threaded("paced");
    private EncryptedCluster cluster;
    private int cache;

    @BeforeEach
    void start() throws Exception {
        cluster = new EncryptedCluster(home);
        cluster.init("--node=n1=127.0.0.1", "--client=greedy", "--client=honest");
        cluster.start(
                MemberPorts.reserve(1),
                yaml -> yaml + "limits: {client-requests: " + RATE + "}" + System.lineSeparator());
        cache = cluster.client("honest", null)
                .createCache(new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                .join()
                .id();
    }

    @AfterEach
    void close() throws Exception {
        loop.close();
        cluster.close();
    }

    private CompletableFuture<?> put(Session session, String key) {
        return session.write(cache, Mutation.put(Bytes.utf8(key), VALUE, Condition.ANY), LeaseId.NONE);
    }

    /** Writes 100 times a second, whatever the answers take; returns how long each took, the shortest first. */
    private long[] paced(Session session) {
        long[] nanos = new long[PACED];
        CompletableFuture<Void> all = new CompletableFuture<>();
        AtomicInteger open = new AtomicInteger(PACED);
        for (int i = 0; i < PACED; i++) {
            int number = i;
            loop.schedule(TimeUnit.MILLISECONDS.toNanos(10L * i), () -> {
                long from = System.nanoTime();
                put(session, "honest-" + number % 4).whenComplete((done, failure) -> {
                    nanos[number] = System.nanoTime() - from;
                    if (failure != null) {
                        all.completeExceptionally(failure);
                    } else if (open.decrementAndGet() == 0) {
                        all.complete(null);
                    }
                });
            });
        }
        all.join();
        Arrays.sort(nanos);
        return nanos;
    }

    private void again(Session session, int caller, LongAdder done, AtomicBoolean over) {
        put(session, "greedy-" + caller).whenComplete((written, failure) -> {
            done.add(failure == null ? 1 : 0);
            if (!over.get()) {
                loop.execute(() -> again(session, caller, done, over));
            }
        });
    }

    @Test
    void aGreedyClientIsHeldToItsRateAndAnotherOneIsServed() throws Exception {
        Session honest = cluster.client("honest", null);
        Session greedy = cluster.client("greedy", null);
        paced(honest); // warms up
        long[] alone = paced(honest);
        LongAdder done = new LongAdder();
        AtomicBoolean over = new AtomicBoolean();
        long from = System.nanoTime();
        for (int i = 0; i < GREEDY_CALLERS; i++) {
            again(greedy, i, done, over);
        }
        long[] beside = paced(honest);
        over.set(true);
        double seconds = (System.nanoTime() - from) / 1e9;
        System.out.printf(
                "99%% of the honest client's writes took at most %.1f ms alone and %.1f ms beside %d callers, who made %.0f writes a second%n",
                alone[PACED * 99 / 100] / 1e6, beside[PACED * 99 / 100] / 1e6, GREEDY_CALLERS, done.sum() / seconds);
        assertThat(done.sum()).isBetween((long) (RATE * seconds / 2), (long) (RATE * (seconds + 1.5)));
    }
}
