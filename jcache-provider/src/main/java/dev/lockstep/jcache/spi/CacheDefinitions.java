package dev.lockstep.jcache.spi;

import dev.lockstep.jcache.expiry.ExpiryRules;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.expiry.EternalExpiryPolicy;
import javax.cache.expiry.ExpiryPolicy;

/** Proposals of caches to the cluster, from their JCache configuration and the templates of this JVM. Pure. */
final class CacheDefinitions {

    private CacheDefinitions() {}

    /**
     * {@link EternalExpiryPolicy} is what a configuration has in which no expiry was set, so it leaves the expiry to
     * templates; who wants eternal entries whatever those say asks for {@code CreatedExpiryPolicy} with {@code
     * Duration.ETERNAL}.
     *
     * @param own what the program says besides
     * @param place of the template
     */
    static CacheProposal of(
            String name,
            CompleteConfiguration<?, ?> configuration,
            ExpiryPolicy policy,
            CacheSettings own,
            CacheSettings template,
            String place) {
        boolean standard = ExpiryRules.isStandard(policy);
        return new CacheProposal(
                name,
                configuration.getKeyType().getName(),
                configuration.getValueType().getName(),
                standard && !(policy instanceof EternalExpiryPolicy) ? ExpiryRules.of(policy) : null,
                standard ? "" : policy.getClass().getName(),
                own,
                template,
                place);
    }

    /** @param pattern in which {@code *} matches any characters */
    static boolean matches(String pattern, String name) {
        String expression =
                Stream.of(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        return Pattern.compile(expression, Pattern.DOTALL).matcher(name).matches();
    }
}
