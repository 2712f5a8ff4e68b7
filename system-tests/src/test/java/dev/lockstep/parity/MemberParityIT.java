package dev.lockstep.parity;

import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.spi.LockstepCachingProvider;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.cache.spi.CachingProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The parity suite on the third member of a cluster, embedded in this JVM; the other two are processes. */
class MemberParityIT extends SharedParity {

    @TempDir
    static Path home;

    private static NodeProcesses others;
    private static Path settings;
    private static CachingProvider holding;

    @BeforeAll
    static void start() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        others = NodeProcesses.begin(
                home, members.subList(0, 2), members, "shards: 4", NodeProcesses.currentClassPath());
        settings = Files.writeString(
                home.resolve("lockstep.yaml"), NodeProcesses.configuration("n3", members, "shards: 4"));
        // Holds the member in the cluster from test to test.
        holding = new LockstepCachingProvider();
        holding.getCacheManager(settings.toUri(), null);
    }

    @AfterAll
    static void stop() {
        holding.close();
        others.close();
    }

    @Override
    NodeProcesses nodes() {
        return others;
    }

    @Override
    URI uri() {
        return settings.toUri();
    }
}
