package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.AsyncCache;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parity suite as a client of three node processes. */
class ClientParityIT extends SharedParity {

    @TempDir
    static Path home;

    private static NodeProcesses nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 4"));
    }

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @Test
    void aWriteIsBegunThoughNoNodeAnswers() throws Exception {
        AsyncCache<String, Integer> cache = cache("begun", types()).async();
        end(cache.put("a", 0));
        List<CompletionStage<?>> begun = new ArrayList<>();
        for (NodeProcess node : nodes.nodes()) {
            node.freeze();
        }
        try {
            for (int i = 0; i < 100; i++) {
                begun.add(cache.put("key-" + i, i));
                begun.add(cache.getAndPut("a", i));
                begun.add(cache.getAll(Set.of("a", "key-" + i)));
                begun.add(cache.invoke("a", INCREMENT));
            }
            assertThat(begun).allMatch(stage -> !stage.toCompletableFuture().isDone());
        } finally {
            for (NodeProcess node : nodes.nodes()) {
                node.thaw();
            }
        }
        begun.forEach(AsyncParity::end);
    }

    @Override
    NodeProcesses nodes() {
        return nodes;
    }

    @Override
    URI uri() {
        return nodes.uri();
    }
}
