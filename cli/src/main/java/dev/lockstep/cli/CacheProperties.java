package dev.lockstep.cli;

import dev.lockstep.protocol.settings.Durations;
import dev.lockstep.protocol.settings.Sizes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what a cache is to be; what is not given is left as it is, or to the cluster's templates. */
final class CacheProperties {

    private static final String NONE = "none";

    @Option(
            names = "--time-to-live",
            paramLabel = "<duration>",
            description = "Lifetime after creation or update, such as 30s or 10m, or none. Replaces both lifetimes.")
    private @Nullable String timeToLive;

    @Option(
            names = "--time-to-idle",
            paramLabel = "<duration>",
            description = "Lifetime after creation, update or read. Replaces both lifetimes.")
    private @Nullable String timeToIdle;

    @Option(names = "--max-entries", paramLabel = "<number>", description = "The bound of the cache; 0 for none.")
    private @Nullable Long maxEntries;

    @Option(
            names = "--max-bytes",
            paramLabel = "<size>",
            description = "The bound of the cache in bytes, such as 512MiB; 0 for none.")
    private @Nullable String maxBytes;

    @Option(
            names = "--consistency",
            paramLabel = "<consistency>",
            description = "The consistency of its reads: session or strong.")
    private @Nullable String consistency;

    @Option(
            names = "--entry-processor",
            paramLabel = "<processing>",
            description = "Whether invoke takes the entry's lease first: leased or optimistic.")
    private @Nullable String entryProcessor;

    boolean isEmpty() {
        return !saysExpiry() && maxEntries == null && maxBytes == null && consistency == null && entryProcessor == null;
    }

    private boolean saysExpiry() {
        return timeToLive != null || timeToIdle != null;
    }

    /** The change of an existing cache; refused if a value is impossible. */
    Request.AlterCache alteration(CacheInfo cache) {
        return new Request.AlterCache(
                cache.id(), cache.revision(), expiry(), maxEntries(), maxBytes(), consistency(), entryProcessing());
    }

    /** The settings of a new cache, lifetimes left out. */
    CacheSettings settings() {
        return new CacheSettings(
                bound(maxEntries()),
                bound(maxBytes()),
                Optional.ofNullable(consistency()),
                Optional.ofNullable(entryProcessing()),
                Optional.empty(),
                Optional.empty());
    }

    private static OptionalLong bound(@Nullable Long given) {
        return given == null ? OptionalLong.empty() : OptionalLong.of(given);
    }

    /** Refuses impossible values, before anything is asked. */
    void check() {
        expiry();
        settings();
    }

    /** Null without a lifetime. An entry that had one lives for ever after {@code none}, once it is written again. */
    @Nullable
    ExpiryRule expiry() {
        if (!saysExpiry()) {
            return null;
        }
        Optional<Duration> live = lifetime("--time-to-live", timeToLive);
        Optional<Duration> idle = lifetime("--time-to-idle", timeToIdle);
        return live.isEmpty() && idle.isEmpty()
                ? new ExpiryRule(Lifetime.ETERNAL, Lifetime.ETERNAL, Lifetime.UNCHANGED)
                : ExpiryRule.of(live, idle);
    }

    private @Nullable Long maxEntries() {
        if (maxEntries != null && maxEntries < 0) {
            throw new RefusedException("--max-entries " + maxEntries + ": a bound is 0 for none, or more");
        }
        return maxEntries;
    }

    private @Nullable Long maxBytes() {
        try {
            return maxBytes == null ? null : (Long) Sizes.parse(maxBytes);
        } catch (IllegalArgumentException wrong) {
            throw new RefusedException("--max-bytes: " + wrong.getMessage());
        }
    }

    private @Nullable Consistency consistency() {
        return oneOf(Consistency.SESSION, Consistency.STRONG, "--consistency", consistency);
    }

    private @Nullable EntryProcessing entryProcessing() {
        return oneOf(EntryProcessing.LEASED, EntryProcessing.OPTIMISTIC, "--entry-processor", entryProcessor);
    }

    private static Optional<Duration> lifetime(String option, @Nullable String text) {
        if (text == null || text.equals(NONE)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Durations.parse(text));
        } catch (IllegalArgumentException wrong) {
            throw new RefusedException(option + ": " + wrong.getMessage());
        }
    }

    /** Returns the one of two constants that is named in lower case; null if none is. */
    static <E extends Enum<E>> @Nullable E oneOf(E one, E other, String option, @Nullable String text) {
        if (text == null) {
            return null;
        }
        if (text.equals(word(one))) {
            return one;
        } else if (text.equals(word(other))) {
            return other;
        }
        throw new RefusedException(option + " \"" + text + "\" is neither " + word(one) + " nor " + word(other));
    }

    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
