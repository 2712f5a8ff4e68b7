package dev.lockstep.parity;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.nio.file.Path;
import java.util.List;
import javax.cache.CacheManager;
import javax.cache.Caching;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** As a client of three node processes. */
class ClientParityIT extends CacheParity {

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

    @Override
    CacheManager open() {
        return Caching.getCachingProvider().getCacheManager(nodes.uri(), null);
    }
}
