package dev.lockstep.protocol.wire;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The settings of a cache by a template or by its creator; what is empty is left to others.
 *
 * @param maxEntries bound for the whole cluster; 0 for none
 * @param maxBytes likewise, in bytes as {@link CacheDefinition#entryBytes} counts them
 * @param consistency what a read promises
 * @param entryProcessing the way in which callers run entry processors
 * @param timeToLive lifetime after creation or update
 * @param timeToIdle lifetime after creation, update or read
 */
public record CacheSettings(
        OptionalLong maxEntries,
        OptionalLong maxBytes,
        Optional<Consistency> consistency,
        Optional<EntryProcessing> entryProcessing,
        Optional<Duration> timeToLive,
        Optional<Duration> timeToIdle) {

    /** Leaves everything to others. */
    public static final CacheSettings NOTHING = new CacheSettings(
            OptionalLong.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    /** These, and what others say where these say nothing. */
    public CacheSettings or(CacheSettings others) {
        return new CacheSettings(
                maxEntries.isPresent() ? maxEntries : others.maxEntries,
                maxBytes.isPresent() ? maxBytes : others.maxBytes,
                consistency.or(others::consistency),
                entryProcessing.or(others::entryProcessing),
                timeToLive.or(others::timeToLive),
                timeToIdle.or(others::timeToIdle));
    }

    /** The same, saying nothing of a bound in bytes. */
    public CacheSettings withoutMaxBytes() {
        return new CacheSettings(
                maxEntries, OptionalLong.empty(), consistency, entryProcessing, timeToLive, timeToIdle);
    }

    /** Tells whether a lifetime is specified. */
    public boolean saysExpiry() {
        return timeToLive.isPresent() || timeToIdle.isPresent();
    }

    /** Formats the settings as they would be written in a file. */
    @Override
    public String toString() {
        return Stream.of(
                        maxEntries.isPresent() ? "max-entries: " + maxEntries.getAsLong() : "",
                        maxBytes.isPresent() ? "max-bytes: " + maxBytes.getAsLong() + "B" : "",
                        consistency
                                .map(one -> "consistency: " + one.name().toLowerCase(Locale.ROOT))
                                .orElse(""),
                        entryProcessing
                                .map(one -> "entry-processor: " + one.name().toLowerCase(Locale.ROOT))
                                .orElse(""),
                        timeToLive
                                .map(one -> "time-to-live: " + one.toMillis() + "ms")
                                .orElse(""),
                        timeToIdle
                                .map(one -> "time-to-idle: " + one.toMillis() + "ms")
                                .orElse(""))
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(", ", "{", "}"));
    }
}
