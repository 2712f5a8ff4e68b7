package dev.lockstep.cluster.meters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Caches 0 to 999, called "c0" and so on. */
class RequestMetersTest {

    private static final Bytes KEY = Bytes.utf8("key");
    private static final EntryRead FOUND = new EntryRead(KEY, 1, Long.MAX_VALUE);

    private final SimulatedWorld world = new SimulatedWorld();
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final RequestMeters meters = new RequestMeters(
            new NodeMeters(registry), (shard, cacheId) -> cacheId < 1_000 ? "c" + cacheId : null, world);
    private final List<Reply> told = new ArrayList<>();

    private void serve(Request.ToShard request, Reply reply) {
        Consumer<Reply> answer = meters.served(request, told::add);
        world.pass(Duration.ofMillis(3));
        answer.accept(reply);
    }

    private static Request.Get get(int cache) {
        return new Request.Get(cache, 0, List.of(KEY, KEY, KEY), true, Consistency.SESSION, 0, 0);
    }

    private static Reply.Entries found(EntryRead... entries) {
        return new Reply.Entries(1, 0, 1, Arrays.asList(entries));
    }

    private static MutationResult result(boolean applied, boolean existed) {
        return new MutationResult(applied, existed, null, 1, applied ? 1 : 0);
    }

    @Test
    void keysAreHitsOrMisses() {
        serve(get(1), found(FOUND, null, FOUND));
        Request.ReadForUpdate update = new Request.ReadForUpdate(1, 0, KEY, new LeaseId(1, 2, 3), 0, 1);
        serve(update, new Reply.Leased(1, 0, 1, null));
        serve(update, new Reply.Leased(1, 0, 1, FOUND));
        assertThat(registry.scrape())
                .contains(
                        "lockstep_cache_gets_total{cache=\"c1\",result=\"hit\"} 3.0",
                        "lockstep_cache_gets_total{cache=\"c1\",result=\"miss\"} 2.0",
                        "lockstep_cache_requests_seconds_sum{cache=\"c1\",operation=\"get\"} 0.003",
                        "lockstep_cache_requests_seconds_count{cache=\"c1\",operation=\"lease\"} 2");
        assertThat(told).hasSize(3);
    }

    @Test
    void changesThatHappenedAreCounted() {
        serve(
                new Request.Write(
                        1,
                        0,
                        new RequestId(1, 2, 3, 3),
                        List.of(
                                Mutation.put(KEY, KEY, Condition.ANY),
                                Mutation.put(KEY, KEY, Condition.PRESENT),
                                Mutation.remove(KEY, Condition.ANY),
                                Mutation.remove(KEY, Condition.ANY)),
                        LeaseId.NONE),
                new Reply.Written(
                        1,
                        0,
                        List.of(result(true, false), result(false, true), result(true, true), result(true, false))));
        assertThat(registry.scrape())
                .contains(
                        "lockstep_cache_puts_total{cache=\"c1\"} 1.0",
                        "lockstep_cache_removals_total{cache=\"c1\"} 1.0",
                        "lockstep_cache_requests_seconds_count{cache=\"c1\",operation=\"write\"} 1");
    }

    @Test
    void aRefusalIsCountedByWhatItMeansAlsoOfACacheThatIsNotKnown() {
        serve(get(1), Reply.Refused.of(Status.MOVED, ""));
        serve(get(1), Reply.Refused.of(Status.INDETERMINATE, ""));
        serve(get(5_000), Reply.Refused.of(Status.NO_SUCH_CACHE, ""));
        assertThat(registry.scrape())
                .contains(
                        "lockstep_cache_failures_total{cache=\"c1\",kind=\"transient\"} 1.0",
                        "lockstep_cache_failures_total{cache=\"c1\",kind=\"indeterminate\"} 1.0",
                        "lockstep_cache_failures_total{cache=\"(unknown)\",kind=\"permanent\"} 1.0");
    }

    @Test
    void whatShardsRemoveByThemselvesIsCounted() {
        for (EntryChange.Kind kind :
                List.of(EntryChange.Kind.EVICTED, EntryChange.Kind.EXPIRED, EntryChange.Kind.EXPIRED)) {
            meters.removed(0, new CacheChange(1, new EntryChange(kind, Bytes.utf8("key"), null, null, 1)));
        }
        assertThat(registry.scrape())
                .contains(
                        "lockstep_cache_evictions_total{cache=\"c1\"} 1.0",
                        "lockstep_cache_expirations_total{cache=\"c1\"} 2.0",
                        "lockstep_cache_removals_total{cache=\"c1\"} 0.0");
    }

    @Test
    void whoHasTheAnswerFindsItCounted() {
        List<String> seen = new ArrayList<>();
        meters.served(get(1), reply -> seen.add(registry.scrape())).accept(found(FOUND));
        assertThat(seen.get(0)).contains("lockstep_cache_gets_total{cache=\"c1\",result=\"hit\"} 1.0");
    }

    @Test
    void cachesBeyondTheBoundAreCountedTogether() {
        for (int cache = 0; cache < 1_000; cache++) {
            serve(get(cache), found(FOUND));
        }
        List<String> hits = registry.scrape()
                .lines()
                .filter(line -> line.startsWith("lockstep_cache_gets_total{") && line.contains("result=\"hit\""))
                .toList();
        int apart = RequestMeters.MAX_CACHES - 1; // besides the one for what is unknown
        assertThat(hits)
                .hasSize(apart + 2)
                .contains("lockstep_cache_gets_total{cache=\"(others)\",result=\"hit\"} " + (1_000.0 - apart));
    }

    @Test
    void aCacheThatIsNoMoreHasNoMeters() {
        serve(get(1), found(FOUND));
        serve(get(2), found(FOUND));
        meters.retain(Set.of("c2"));
        assertThat(registry.scrape()).doesNotContain("\"c1\"").contains("\"c2\"");
        serve(get(1), found(FOUND));
        assertThat(registry.scrape()).contains("lockstep_cache_gets_total{cache=\"c1\",result=\"hit\"} 1.0");
    }

    @Test
    void aRequestThatIsPassedOnIsMeasured() {
        Consumer<Reply> answer = meters.passedOn(told::add);
        world.pass(Duration.ofMillis(7));
        answer.accept(new Reply.Done());
        assertThat(registry.scrape()).contains("lockstep_forwards_latency_seconds_sum 0.007");
    }
}
