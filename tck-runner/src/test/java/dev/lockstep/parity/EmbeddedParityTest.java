package dev.lockstep.parity;

import java.net.URI;
import javax.cache.CacheManager;
import javax.cache.Caching;

/** On the single node in memory. */
class EmbeddedParityTest extends CacheParity {

    @Override
    CacheManager open() {
        return Caching.getCachingProvider().getCacheManager(URI.create("lockstep:local"), null);
    }
}
