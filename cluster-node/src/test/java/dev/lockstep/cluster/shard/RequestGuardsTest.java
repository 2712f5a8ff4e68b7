package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The condition that a subscription waits for: of each of its caches it is known whether it exists. */
class RequestGuardsTest {

    private static final NodeId A = new NodeId("a");

    private final Catalog catalog = new Catalog();
    private final ScriptedLog log = new ScriptedLog(ScriptedLog.leading(1, A, Set.of(A)));
    private final List<Reply> refused = new ArrayList<>();
    private final List<List<Integer>> unknown = new ArrayList<>();

    /** The leader of the shard; what has nothing to do with caches is not there. */
    @SuppressWarnings("NullAway")
    private final RequestGuards guards =
            new RequestGuards(null, log.consensus().open(0, List.of(A), null), null, catalog, null, null, null);

    /** Caches that become known when the test says so. */
    private static final class Catalog implements CacheCatalog {

        private final Set<Integer> known = new HashSet<>();
        private final Set<Integer> destroyed = new HashSet<>();
        private final Map<Integer, Consumer<Reply.@Nullable Refused>> learning = new LinkedHashMap<>();

        @Override
        public @Nullable CacheInfo cache(int cacheId) {
            CacheDefinition definition =
                    new CacheDefinition("c" + cacheId, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
            return known.contains(cacheId) ? new CacheInfo(cacheId, definition) : null;
        }

        @Override
        public boolean isDestroyed(int cacheId) {
            return destroyed.contains(cacheId);
        }

        @Override
        public void learn(int cacheId, Consumer<Reply.@Nullable Refused> then) {
            learning.put(cacheId, then);
        }

        void learnt(int cacheId, Reply.@Nullable Refused refusal) {
            learning.remove(cacheId).accept(refusal);
        }
    }

    private void ask(Integer... caches) {
        guards.cachesKnown(List.of(caches), refused::add, unknown::add);
    }

    @Test
    void cachesThatExistOrAreDestroyedAreKnownAtOnce() {
        catalog.known.addAll(Set.of(1, 2));
        catalog.destroyed.add(3);
        ask(3, 1, 2);
        assertThat(unknown).containsExactly(List.of(3));
        assertThat(catalog.learning).isEmpty();
    }

    @Test
    void cachesThatAreNotKnownAreLearntFromTheLowestOn() {
        ask(7, 5, 6);
        assertThat(catalog.learning).containsOnlyKeys(5);
        catalog.known.add(5);
        catalog.destroyed.add(6);
        catalog.learnt(5, null);
        assertThat(unknown).isEmpty();
        assertThat(catalog.learning).containsOnlyKeys(7);
        catalog.known.add(7);
        catalog.learnt(7, null);
        assertThat(unknown).containsExactly(List.of(6));
    }

    @Test
    void allCachesAboveOneThatWasNeverCreatedAreUnknownWithoutBeingLearnt() {
        catalog.known.add(1);
        ask(1, 9, 8);
        catalog.learnt(8, Reply.Refused.of(Status.NO_SUCH_CACHE, "scripted"));
        assertThat(unknown).hasSize(1).first().satisfies(ids -> assertThat(ids).containsExactlyInAnyOrder(8, 9));
        assertThat(catalog.learning).isEmpty();
        assertThat(refused).isEmpty();
    }

    @Test
    void aCacheThatCanNotBeLearntRefusesTheSubscription() {
        ask(5);
        Reply.Refused reason = Reply.Refused.of(Status.NO_LEADER, "scripted");
        catalog.learnt(5, reason);
        assertThat(refused).containsExactly(reason);
        assertThat(unknown).isEmpty();
    }
}
