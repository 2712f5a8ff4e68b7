package dev.lockstep.jcache.spi;

import dev.lockstep.jcache.expiry.ExpiryRules;
import dev.lockstep.protocol.settings.Settings.CacheSettings;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.expiry.EternalExpiryPolicy;
import javax.cache.expiry.ExpiryPolicy;
import org.jspecify.annotations.Nullable;

/** What the cluster is told of a cache: its JCache configuration, and the settings' template where that says nothing. Pure. */
final class Definitions {

    private Definitions() {}

    static CacheDefinition of(
            String name,
            CompleteConfiguration<?, ?> configuration,
            ExpiryPolicy policy,
            @Nullable CacheSettings template) {
        boolean standard = ExpiryRules.isStandard(policy);
        ExpiryRule rule = standard ? ExpiryRules.of(policy) : ExpiryRule.ETERNAL;
        boolean strong = template != null && template.consistency().equals("strong");
        return new CacheDefinition(
                name,
                configuration.getKeyType().getName(),
                configuration.getValueType().getName(),
                policy instanceof EternalExpiryPolicy && template != null ? templated(template) : rule,
                standard ? "" : policy.getClass().getName(),
                template == null ? 0 : template.maxEntries(),
                strong ? Consistency.STRONG : Consistency.SESSION);
    }

    /** An entry lives no longer than the shorter of the two after it was written; a read only prolongs the idle time. */
    private static ExpiryRule templated(CacheSettings template) {
        Optional<Duration> idle = template.timeToIdle();
        Optional<Duration> live = template.timeToLive();
        if (idle.isEmpty() && live.isEmpty()) {
            return ExpiryRule.ETERNAL;
        }
        Duration written = Stream.of(idle, live)
                .flatMap(Optional::stream)
                .min(Duration::compareTo)
                .orElseThrow();
        Lifetime lifetime = Lifetime.ofMillis(written.toMillis());
        return new ExpiryRule(
                lifetime,
                lifetime,
                live.isPresent() || idle.isEmpty()
                        ? Lifetime.UNCHANGED
                        : Lifetime.ofMillis(idle.get().toMillis()));
    }

    /** @param pattern in which {@code *} stands for any characters */
    static boolean matches(String pattern, String name) {
        String expression =
                Stream.of(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        return name.matches(expression);
    }
}
