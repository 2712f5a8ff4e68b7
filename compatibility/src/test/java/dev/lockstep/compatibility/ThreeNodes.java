package dev.lockstep.compatibility;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import javax.cache.Caching;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Three node processes, started before the first test that needs them and ended with the session of tests. */
final class ThreeNodes implements BeforeAllCallback {

    private static @Nullable NodeProcesses nodes;

    /** For {@code Caching.getCachingProvider().getCacheManager(uri, …)}. */
    static URI uri() {
        return Objects.requireNonNull(nodes, "the nodes run only during tests").uri();
    }

    /** The {@code lockstep.yaml} of a client. */
    static String clientSettings() {
        URI uri = uri();
        return "cluster: " + uri.getPath().substring(1) + "\nclient:\n  servers: ["
                + uri.getRawAuthority().replace(";", ", ") + "]\n";
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getStore(ExtensionContext.StoreScope.LAUNCHER_SESSION, ExtensionContext.Namespace.GLOBAL)
                .getOrComputeIfAbsent(ThreeNodes.class, first -> start(), AutoCloseable.class);
    }

    private static AutoCloseable start() {
        try {
            Path home = Files.createDirectories(Path.of("target", "nodes"));
            NodeProcesses started =
                    NodeProcesses.start(Files.createTempDirectory(home, "run-"), 3, List.of("shards: 4"));
            nodes = started;
            return () -> {
                Caching.getCachingProvider().close();
                started.close();
            };
        } catch (IOException failed) {
            throw new IllegalStateException("The nodes did not start", failed);
        }
    }
}
