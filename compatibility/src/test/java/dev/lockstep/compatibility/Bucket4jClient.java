package dev.lockstep.compatibility;

import io.github.bucket4j.distributed.proxy.ProxyManager;
import io.github.bucket4j.grid.jcache.Bucket4jJCache;
import io.github.bucket4j.grid.jcache.CompatibilityTest;
import io.github.bucket4j.tck.AbstractDistributedBucketTest;
import io.github.bucket4j.tck.ProxyManagerSpec;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bucket4j: its own test whether a cache is fit, and its own tests of distributed buckets. */
@ExtendWith(ThreeNodes.class)
class Bucket4jClient extends AbstractDistributedBucketTest {

    @BeforeAll
    static void specify() {
        specs = List.of(spec(Topology.EMBEDDED), spec(Topology.CLIENT));
    }

    private static ProxyManagerSpec<String, ? extends ProxyManager<String>, ?> spec(Topology topology) {
        var cache = topology.cache(String.class, byte[].class);
        return new ProxyManagerSpec<>(
                topology.name(),
                () -> UUID.randomUUID().toString(),
                () -> Bucket4jJCache.entryProcessorBasedBuilder(cache));
    }

    @ParameterizedTest
    @EnumSource(Topology.class)
    void itsTestOfCompatibilityPasses(Topology topology) throws InterruptedException {
        new CompatibilityTest(topology.cache(String.class, Integer.class)).test();
    }
}
