package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.AttachedCache;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three node processes with templates, of whose caches an operator changes one. */
class CacheIT {

    @TempDir
    Path home;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private static CacheProposal proposal(String name, CacheSettings template) {
        return new CacheProposal(name, "k", "v", null, "", CacheSettings.NOTHING, template, "client.yaml:9");
    }

    private static ExpiryRule living(Duration timeToLive) {
        return ExpiryRule.of(Optional.of(timeToLive), Optional.empty());
    }

    private static long deadline(Session session, int cache, String key) {
        Bytes bytes = Bytes.utf8(key);
        session.write(cache, Mutation.put(bytes, bytes, Condition.ANY), LeaseId.NONE)
                .join();
        return session.get(cache, bytes, Consistency.STRONG).join().entry().deadlineMillis();
    }

    private int alter(NodeProcesses nodes, String... words) {
        String[] all = Stream.concat(
                        Stream.of("cache", "alter", "--cluster", "processes", "--servers", nodes.addresses()),
                        Stream.of(words))
                .toArray(String[]::new);
        return CliMain.run(all, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @Test
    void aNodesTemplatesHoldForClientsCachesAndAnOperatorCanChangeACache() throws Exception {
        List<String> settings = List.of("shards: 2", "caches:", "  \"short-*\": {time-to-live: 1h, max-entries: 1000}");
        try (NodeProcesses nodes = NodeProcesses.start(home, 3, settings);
                Clients clients = new Clients("processes", nodes.addresses())) {
            Session session = clients.open();
            CacheInfo cache = session.createCache(proposal("short-1", CacheSettings.NOTHING))
                    .join()
                    .info();
            assertThat(cache.definition().expiry()).isEqualTo(living(Duration.ofHours(1)));
            assertThat(cache.definition().maxEntries()).isEqualTo(1000);
            assertThat(deadline(session, cache.id(), "a")).isNotEqualTo(Long.MAX_VALUE);
            assertThatThrownBy(() -> session.createCache(proposal(
                                    "short-2",
                                    new CacheSettings(
                                            OptionalLong.of(5),
                                            OptionalLong.empty(),
                                            Optional.empty(),
                                            Optional.empty(),
                                            Optional.empty(),
                                            Optional.empty())))
                            .join())
                    .hasMessageContaining("client.yaml:9")
                    .hasMessageContaining("lockstep.yaml:9")
                    .hasMessageContaining("short-2");
            int altered = alter(
                    nodes,
                    "--time-to-live",
                    "none",
                    "--max-entries",
                    "10",
                    "--entry-processor",
                    "optimistic",
                    "short-1");
            assertThat(altered).as(err.toString()).isZero();
            assertThat(out.toString())
                    .contains("3600000 ms", "for ever", "max-entries: 10")
                    .containsSubsequence("entry-processor: leased", "entry-processor: optimistic");
            Eventually.holds(
                    "the shards know of it",
                    () -> deadline(session, cache.id(), "a") == Long.MAX_VALUE
                            && deadline(session, cache.id(), "b") == Long.MAX_VALUE
                            && deadline(session, cache.id(), "c") == Long.MAX_VALUE);
            for (int i = 0; i < 200; i++) {
                deadline(session, cache.id(), "key-" + i);
            }
            Eventually.holds(
                    "the new bound holds",
                    () -> session.size(cache.id(), Consistency.STRONG).join() <= 12);
            AttachedCache again = session.createCache(proposal("short-1", CacheSettings.NOTHING))
                    .join();
            assertThat(again.info().id()).isEqualTo(cache.id());
            assertThat(again.info().definition().entryProcessing()).isEqualTo(EntryProcessing.OPTIMISTIC);
            assertThat(again.isNew()).isFalse();
        }
    }

    @Test
    void impossibleArgumentsAreRefusedBeforeAnyRequest() throws Exception {
        try (NodeProcesses nodes = NodeProcesses.start(home, 1, List.of("shards: 1"))) {
            assertThat(alter(nodes, "c")).isEqualTo(2);
            assertThat(alter(nodes, "--time-to-live", "30", "c")).isEqualTo(2);
            assertThat(alter(nodes, "--max-entries", "3", "c")).isEqualTo(2);
            assertThat(alter(nodes, "--entry-processor", "x", "c")).isEqualTo(2);
            assertThat(err.toString())
                    .contains(
                            "Say what to change",
                            "has no unit",
                            "There is no cache c",
                            "neither leased nor optimistic");
        }
    }
}
