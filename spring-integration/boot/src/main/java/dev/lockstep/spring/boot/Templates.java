package dev.lockstep.spring.boot;

import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.spring.boot.LockstepProperties.Template;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.util.unit.DataSize;

/** The properties {@code lockstep.caches}, as the settings have them. Stateless. */
final class Templates {

    private static final String CACHES = LockstepProperties.PREFIX + ".caches";
    /** Without brackets Boot drops the star from the key, and the pattern would be another one. */
    private static final Pattern STAR_OUTSIDE = Pattern.compile("lockstep\\.caches\\.[^\\[]*\\*.*");

    private Templates() {}

    /** @throws InvalidLockstepPropertyException when one can't be used */
    static Map<String, CacheSettings> of(Map<String, Template> caches, ConfigurableEnvironment environment) {
        refuseStarsOutsideBrackets(environment);
        Map<String, CacheSettings> templates = new LinkedHashMap<>();
        caches.forEach((pattern, template) -> templates.put(pattern, of(pattern, template)));
        return templates;
    }

    private static CacheSettings of(String pattern, Template template) {
        String name = CACHES + "[" + pattern + "]";
        Long maxEntries = template.maxEntries();
        if (maxEntries != null && maxEntries < 0) {
            throw new InvalidLockstepPropertyException(
                    name + ".max-entries", maxEntries, "a bound is 0 for none, or more");
        }
        DataSize maxBytes = template.maxBytes();
        if (maxBytes != null && maxBytes.isNegative()) {
            throw new InvalidLockstepPropertyException(name + ".max-bytes", maxBytes, "a bound is 0 for none, or more");
        }
        return new CacheSettings(
                maxEntries == null ? OptionalLong.empty() : OptionalLong.of(maxEntries),
                maxBytes == null ? OptionalLong.empty() : OptionalLong.of(maxBytes.toBytes()),
                Optional.ofNullable(template.consistency()),
                Optional.ofNullable(template.entryProcessor()),
                lifetime(name + ".time-to-live", template.timeToLive()),
                lifetime(name + ".time-to-idle", template.timeToIdle()));
    }

    private static Optional<Duration> lifetime(String name, @Nullable Duration lifetime) {
        if (lifetime != null && lifetime.toMillis() < 1) {
            throw new InvalidLockstepPropertyException(name, lifetime, "a lifetime is one millisecond or more");
        }
        return Optional.ofNullable(lifetime);
    }

    private static void refuseStarsOutsideBrackets(ConfigurableEnvironment environment) {
        environment.getPropertySources().stream()
                .flatMap(source -> source instanceof EnumerablePropertySource<?> known
                        ? Stream.of(known.getPropertyNames())
                        : Stream.empty())
                .filter(name -> STAR_OUTSIDE.matcher(name).matches())
                .findFirst()
                .ifPresent(name -> {
                    String pattern = name.substring(CACHES.length() + 1, name.lastIndexOf('.'));
                    throw new InvalidLockstepPropertyException(
                            name,
                            environment.getProperty(name, ""),
                            "a pattern is written in brackets, or its stars are lost: " + CACHES + "[" + pattern + "]"
                                    + name.substring(name.lastIndexOf('.')) + ", in YAML \"[" + pattern + "]\"");
                });
    }
}
