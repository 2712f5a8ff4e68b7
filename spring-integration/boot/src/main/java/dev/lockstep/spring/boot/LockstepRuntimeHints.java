package dev.lockstep.spring.boot;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.cache.interceptor.SimpleKey;
import org.springframework.cache.support.NullValue;

/**
 * The classes and resources that a native image has to keep: the settings' file, the services by which provider and
 * node are found, and what Spring itself serialises into caches. The application registers its own cached types itself.
 */
final class LockstepRuntimeHints implements RuntimeHintsRegistrar {

    private static final String PROVIDER = "javax.cache.spi.CachingProvider";
    private static final String NODE = "dev.lockstep.protocol.link.EmbeddedNode$Provider";
    private static final String NODES = "dev.lockstep.cluster.node.NodeProvider";

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader loader) {
        hints.resources()
                .registerPattern("lockstep.yaml")
                .registerPattern("META-INF/services/" + PROVIDER)
                .registerPattern("META-INF/services/org.apache.ratis.metrics.MetricRegistries")
                .registerPattern("META-INF/services/" + NODE);
        hints.reflection()
                .registerType(
                        TypeReference.of("dev.lockstep.jcache.spi.LockstepCachingProvider"),
                        MemberCategory.INVOKE_DECLARED_CONSTRUCTORS)
                .registerTypeIfPresent(loader, NODES, MemberCategory.INVOKE_DECLARED_CONSTRUCTORS);
        hints.serialization().registerType(NullValue.class).registerType(SimpleKey.class);
    }
}
