package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.cache.Cache;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.MutableEntry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A counter in a cluster of three processes, counted up by a client that does not hear that it was, and so asks again: each
 * call counts once (P1). Every reply that is lost was given by the node, which had carried the request out.
 */
class CounterWithLostRepliesIT {

    private static final String KEY = "counter";

    @TempDir
    static Path home;

    private static NodeProcesses nodes;
    private static ClientProxies proxies;
    /** Those of the test that runs. */
    private static volatile Losses losses = new Losses();

    /** The name of the test's own cache. */
    private String name;

    /** The fate of the leader between the lost reply and the retry. */
    private enum Then {
        KILLED,
        FROZEN
    }

    /** The replies that are lost, and the node that has answered each request. The lock guards all fields. */
    private static final class Losses {

        private final Map<Request, List<String>> answers = new HashMap<>();
        private int ofEach;
        private boolean onlyWrites;
        private Then then;
        private NodeProcess harmed;
        private int lost;

        synchronized boolean arrives(NodeProcess node, Request request, Reply reply) throws Exception {
            boolean counts = onlyWrites ? request instanceof Request.Write : request instanceof Request.ToShard;
            if (ofEach == 0 || !counts || reply instanceof Reply.Refused) {
                return true;
            }
            List<String> before = answers.computeIfAbsent(request, none -> new ArrayList<>());
            before.add(node.member().id());
            if (before.size() > ofEach) {
                return true;
            }
            lost++;
            if (then != null) {
                harmed = node;
                harm(node);
            }
            return false;
        }

        private void harm(NodeProcess node) throws Exception {
            if (then == Then.KILLED) {
                node.kill();
            } else {
                node.freeze();
            }
        }

        synchronized void lose(int repliesOfEach, boolean writesOnly, Then leader) {
            ofEach = repliesOfEach;
            onlyWrites = writesOnly;
            then = leader;
        }

        /** The leader comes back, and the cluster is whole again. */
        synchronized void mend() throws Exception {
            if (harmed == null) {
                return;
            }
            if (then == Then.KILLED) {
                harmed.restart();
                harmed.awaitReady();
            } else {
                harmed.thaw();
            }
            harmed = null;
        }

        /** The nodes that answered each write, in order. */
        synchronized List<List<String>> answersToWrites() {
            return answers.entrySet().stream()
                    .filter(one -> one.getKey() instanceof Request.Write)
                    .map(one -> List.copyOf(one.getValue()))
                    .toList();
        }

        synchronized int lost() {
            return lost;
        }

        synchronized int requests() {
            return answers.size();
        }
    }

    @BeforeAll
    static void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 1"));
        proxies = new ClientProxies(nodes.nodes(), (node, request, reply) -> losses.arrives(node, request, reply));
    }

    @AfterAll
    static void stop() {
        proxies.close();
        nodes.close();
    }

    @BeforeEach
    void name(TestInfo test) {
        losses = new Losses();
        name = test.getTestMethod().orElseThrow().getName() + test.getDisplayName();
    }

    /** Also after a failure, the next test has a whole cluster. */
    @AfterEach
    void mend() throws Exception {
        losses.mend();
        losses.lose(0, false, null);
        Caching.getCachingProvider().close();
    }

    private Cache<String, Integer> counter() {
        Cache<String, Integer> cache = Caching.getCachingProvider()
                .getCacheManager(proxies.uri("processes"), null)
                .createCache(name, new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class));
        cache.put(KEY, 0);
        return cache;
    }

    /** Reads the counter in a client that loses no reply. */
    private int counted() {
        Cache<String, Integer> seen =
                Caching.getCachingProvider().getCacheManager(nodes.uri(), null).getCache(name);
        return seen.invoke(KEY, (entry, arguments) -> entry.getValue());
    }

    private static final class Increment implements EntryProcessor<String, Integer, Integer> {

        private final AtomicInteger runs = new AtomicInteger();

        @Override
        public Integer process(MutableEntry<String, Integer> entry, Object... arguments) {
            runs.incrementAndGet();
            entry.setValue(entry.getValue() + 1);
            return entry.getValue();
        }
    }

    @Test
    void eachInvokeCountsOnceThoughTheRepliesToAllItsRequestsAreLostTwice() {
        Cache<String, Integer> cache = counter();
        Increment increment = new Increment();
        losses.lose(2, false, null);
        List<Integer> results = IntStream.range(0, 10)
                .map(i -> cache.invoke(KEY, increment))
                .boxed()
                .toList();
        assertThat(results).isEqualTo(IntStream.rangeClosed(1, 10).boxed().toList());
        assertThat(increment.runs).hasValue(10);
        assertThat(counted()).isEqualTo(10);
        // A lease and a write each.
        assertThat(losses.requests()).isEqualTo(20);
        assertThat(losses.lost()).isEqualTo(40);
        threeAnswersEachAndSomeByOneLeader(10);
    }

    @Test
    void eachGetAndPutCountsOnceThoughItsReplyIsLostTwice() {
        Cache<String, Integer> cache = counter();
        losses.lose(2, false, null);
        List<Integer> before = IntStream.rangeClosed(1, 10)
                .map(next -> cache.getAndPut(KEY, next))
                .boxed()
                .toList();
        assertThat(before).isEqualTo(IntStream.range(0, 10).boxed().toList());
        assertThat(counted()).isEqualTo(10);
        assertThat(losses.lost()).isEqualTo(20);
        threeAnswersEachAndSomeByOneLeader(10);
    }

    @ParameterizedTest
    @EnumSource(Then.class)
    void eachInvokeCountsOnceThoughItsRetryIsAnsweredByTheNextLeader(Then leader) throws Exception {
        Cache<String, Integer> cache = counter();
        Increment increment = new Increment();
        losses.lose(1, true, leader);
        for (int i = 1; i <= 3; i++) {
            assertThat(cache.invoke(KEY, increment)).isEqualTo(i);
            losses.mend();
        }
        assertThat(increment.runs).hasValue(3);
        answeredByTwoLeadersEach(3);
    }

    @ParameterizedTest
    @EnumSource(Then.class)
    void eachGetAndPutCountsOnceThoughItsRetryIsAnsweredByTheNextLeader(Then leader) throws Exception {
        Cache<String, Integer> cache = counter();
        losses.lose(1, true, leader);
        for (int i = 1; i <= 3; i++) {
            assertThat(cache.getAndPut(KEY, i)).isEqualTo(i - 1);
            losses.mend();
        }
        answeredByTwoLeadersEach(3);
    }

    /** A busy machine may elect another leader at any time, so not all can be expected of one. */
    private void threeAnswersEachAndSomeByOneLeader(int writes) {
        assertThat(losses.answersToWrites())
                .hasSize(writes)
                .allSatisfy(answers -> assertThat(answers).hasSize(3))
                .anySatisfy(answers -> assertThat(answers).containsOnly(answers.get(0)));
    }

    private void answeredByTwoLeadersEach(int writes) {
        assertThat(counted()).isEqualTo(writes);
        assertThat(losses.lost()).isEqualTo(writes);
        assertThat(losses.answersToWrites()).hasSize(writes).allSatisfy(answers -> {
            Set<String> leaders = new HashSet<>(answers);
            assertThat(answers).hasSize(2);
            assertThat(leaders).hasSize(2);
        });
    }
}
