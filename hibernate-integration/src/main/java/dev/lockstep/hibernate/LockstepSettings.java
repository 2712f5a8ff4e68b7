package dev.lockstep.hibernate;

import dev.lockstep.protocol.settings.Sizes;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hibernate.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * The settings under {@code hibernate.lockstep}, validated.
 *
 * @param uri of the CacheManager; null for the default one
 * @param lockLifetime how long a soft lock protects at least; must exceed the longest transaction
 * @param failOpen whether transactions go on without a lock when the cache does not answer
 * @param allowed what may be deserialised beside the entities' packages: class names, and packages as {@code
 *     com.example.*}
 * @param regions by pattern, the most specific first
 */
record LockstepSettings(
        @Nullable URI uri,
        Duration lockLifetime,
        boolean failOpen,
        List<String> allowed,
        Map<String, RegionSettings> regions) {

    static final String PREFIX = "hibernate.lockstep.";
    static final String URI_PROPERTY = PREFIX + "uri";
    static final String JCACHE_URI_PROPERTY = "hibernate.javax.cache.uri";
    static final String LOCK_LIFETIME = PREFIX + "lock-lifetime";
    static final String FAIL_OPEN = PREFIX + "fail-open";
    static final String ALLOWED = PREFIX + "serialization.allowed";
    static final String REGION = PREFIX + "region.";
    static final String TIME_TO_LIVE = "time-to-live";
    static final String MAX_ENTRIES = "max-entries";
    static final String MAX_BYTES = "max-bytes";
    static final String CONSISTENCY = "consistency";

    private static final Duration DEFAULT_LOCK_LIFETIME = Duration.ofSeconds(60);
    private static final List<String> REGION_KEYS = List.of(TIME_TO_LIVE, MAX_ENTRIES, MAX_BYTES, CONSISTENCY);
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12}) ?(ms|s|m|h|d)");

    /** The consistency of reads. */
    enum Consistency {
        STRONG,
        SESSION
    }

    /** The settings of the regions that a pattern matches; empty where it says nothing. */
    record RegionSettings(
            Optional<Duration> timeToLive,
            Optional<Long> maxEntries,
            Optional<Long> maxBytes,
            Optional<Consistency> consistency) {

        static final RegionSettings NONE =
                new RegionSettings(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

        private RegionSettings with(String property, String key, String value) {
            return switch (key) {
                case TIME_TO_LIVE ->
                    new RegionSettings(Optional.of(duration(property, value)), maxEntries, maxBytes, consistency);
                case MAX_ENTRIES ->
                    new RegionSettings(timeToLive, Optional.of(count(property, value)), maxBytes, consistency);
                case MAX_BYTES ->
                    new RegionSettings(timeToLive, maxEntries, Optional.of(bytes(property, value)), consistency);
                default ->
                    new RegionSettings(timeToLive, maxEntries, maxBytes, Optional.of(consistencyOf(property, value)));
            };
        }
    }

    /** @throws CacheException when a property is unknown or has an impossible value, naming it */
    static LockstepSettings from(Map<String, Object> properties) {
        Map<String, String> own = new TreeMap<>();
        properties.forEach((name, value) -> {
            if (value != null && (name.startsWith(PREFIX) || name.equals(JCACHE_URI_PROPERTY))) {
                own.put(name, value.toString().strip());
            }
        });
        Map<String, RegionSettings> regions = new TreeMap<>(
                Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));
        own.forEach((name, value) -> region(regions, name, value));
        String uri = own.getOrDefault(URI_PROPERTY, own.get(JCACHE_URI_PROPERTY));
        return new LockstepSettings(
                uri == null ? null : uri(own.containsKey(URI_PROPERTY) ? URI_PROPERTY : JCACHE_URI_PROPERTY, uri),
                own.containsKey(LOCK_LIFETIME)
                        ? duration(LOCK_LIFETIME, own.get(LOCK_LIFETIME))
                        : DEFAULT_LOCK_LIFETIME,
                flag(FAIL_OPEN, own.getOrDefault(FAIL_OPEN, "false")),
                Stream.of(own.getOrDefault(ALLOWED, "").split(","))
                        .map(String::strip)
                        .filter(pattern -> !pattern.isEmpty())
                        .toList(),
                regions);
    }

    private static void region(Map<String, RegionSettings> regions, String property, String value) {
        if (List.of(URI_PROPERTY, JCACHE_URI_PROPERTY, LOCK_LIFETIME, FAIL_OPEN, ALLOWED)
                .contains(property)) {
            return;
        }
        String key = REGION_KEYS.stream()
                .filter(known -> property.startsWith(REGION) && property.endsWith("." + known))
                .findFirst()
                .orElseThrow(() -> new CacheException("There is no property " + property + "; there are " + URI_PROPERTY
                        + ", " + LOCK_LIFETIME + ", " + FAIL_OPEN + ", " + ALLOWED + ", and " + REGION
                        + "<pattern>. followed by " + String.join(", ", REGION_KEYS)));
        int end = property.length() - key.length() - 1;
        if (end <= REGION.length()) {
            throw new CacheException("The property " + property + " names no region: " + REGION + "<pattern>." + key);
        }
        String pattern = property.substring(REGION.length(), end);
        regions.put(pattern, regions.getOrDefault(pattern, RegionSettings.NONE).with(property, key, value));
    }

    /** The settings of the most specific pattern that matches. */
    RegionSettings region(String name) {
        return regions.entrySet().stream()
                .filter(entry -> matches(entry.getKey(), name))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(RegionSettings.NONE);
    }

    private static boolean matches(String pattern, String name) {
        return name.matches(
                Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
    }

    private static URI uri(String property, String value) {
        try {
            return URI.create(value);
        } catch (IllegalArgumentException malformed) {
            throw new CacheException("The property " + property + " is no URI: " + value, malformed);
        }
    }

    private static boolean flag(String property, String value) {
        if (!value.equals("true") && !value.equals("false")) {
            throw new CacheException("The property " + property + " is true or false, not " + value);
        }
        return value.equals("true");
    }

    private static Duration duration(String property, String value) {
        Matcher matcher = DURATION.matcher(value);
        Duration duration = Duration.ZERO;
        if (matcher.matches()) {
            long number = Long.parseLong(matcher.group(1));
            duration = switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
        }
        if (duration.isZero() || duration.toDays() > 36_500) {
            throw new CacheException(
                    "The property " + property + " is a time such as 500ms, 60s, 10m, 2h or 1d, not " + value);
        }
        return duration;
    }

    private static long count(String property, String value) {
        try {
            long count = Long.parseLong(value);
            if (count > 0) {
                return count;
            }
        } catch (NumberFormatException notOne) {
            throw new CacheException("The property " + property + " is a number of entries, not " + value, notOne);
        }
        throw new CacheException("The property " + property + " is one or more, not " + value);
    }

    private static long bytes(String property, String value) {
        try {
            long bytes = Sizes.parse(value);
            if (bytes > 0) {
                return bytes;
            }
        } catch (IllegalArgumentException wrong) {
            throw new CacheException("The property " + property + ": " + wrong.getMessage(), wrong);
        }
        throw new CacheException("The property " + property + " is one byte or more, not " + value);
    }

    private static Consistency consistencyOf(String property, String value) {
        return switch (value) {
            case "strong" -> Consistency.STRONG;
            case "session" -> Consistency.SESSION;
            default -> throw new CacheException("The property " + property + " is strong or session, not " + value);
        };
    }
}
