package dev.lockstep.spring.boot;

import dev.lockstep.spring.CacheDefinitionException;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.util.PatternMatchUtils;

/** Names the property that gives a cache another definition than the cluster has. Before that of a cluster that can't be reached. */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class CacheDefinitionFailureAnalyzer extends AbstractFailureAnalyzer<CacheDefinitionException> {

    private static final String CACHES = LockstepProperties.PREFIX + ".caches";

    private final Environment environment;

    CacheDefinitionFailureAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, CacheDefinitionException cause) {
        String cache = cause.cache();
        String property = Binder.get(environment)
                .bind(CACHES, Bindable.mapOf(String.class, Object.class))
                .orElse(Map.of())
                .keySet()
                .stream()
                .filter(pattern -> PatternMatchUtils.simpleMatch(pattern, cache))
                .findFirst()
                .map(pattern -> CACHES + "[" + pattern + "]")
                .orElse(null);
        return new FailureAnalysis(
                cause.getMessage()
                        + System.lineSeparator()
                        + System.lineSeparator()
                        + (property == null
                                ? "    No property " + CACHES + "[...] is about it."
                                : "    Property: " + property),
                (property == null ? "Add " + CACHES + "[" + cache + "]" : "Change " + property)
                        + " so that it says what the cluster has, give the cache another name, or destroy it, so that it is created"
                        + " anew.",
                cause);
    }
}
