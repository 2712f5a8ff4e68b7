package dev.lockstep.tck;

import dev.lockstep.jcache.spi.LockstepCachingProvider;
import javax.cache.CacheManager;
import javax.cache.spi.CachingProvider;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * In the JVM of the TCK against a cluster: holds a CacheManager of its own open from beginning to end, so that the embedded
 * member does not leave and join whenever a test closes its provider, and destroys the caches that a test has left in the
 * cluster, where, other than in memory, they outlive the provider.
 */
public final class OpenManagers implements TestExecutionListener {

    private final CachingProvider provider = new LockstepCachingProvider();
    private @Nullable CacheManager manager;

    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
        String topology = System.getProperty("lockstep-test.topology", "embedded");
        if (!topology.equals("embedded")) {
            manager = provider.getCacheManager();
        }
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (manager != null && test.isTest()) {
            manager.getCacheNames().forEach(manager::destroyCache);
        }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        provider.close();
    }
}
