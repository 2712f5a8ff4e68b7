package dev.lockstep.cli;

import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.Durations;
import dev.lockstep.protocol.settings.Sizes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Changes what a cache of a running cluster is. */
@Command(
        name = "cache",
        mixinStandardHelpOptions = true,
        description = "Changes the lifetimes, the bound, the consistency or the entry processors of a cache.",
        subcommands = CacheCommand.Alter.class)
final class CacheCommand {

    private static final String NONE = "none";

    /** One cache, by its name. */
    @Command(
            name = "alter",
            mixinStandardHelpOptions = true,
            description = {
                "Changes the given properties of a cache and leaves the others. A bound applies at once, lifetimes apply to",
                "entries that are written or read from then on. Applications that have the cache open learn of another",
                "consistency, and of another way of processing entries, when they open it again."
            })
    static final class Alter implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<cache>", description = "The name of the cache.")
        private String name = "";

        @Option(
                names = "--time-to-live",
                paramLabel = "<duration>",
                description =
                        "Lifetime after creation or update, such as 30s or 10m, or none. Replaces both lifetimes.")
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

        @Override
        public Integer call() {
            return options.run(this::alter);
        }

        private ClusterOptions.Report alter(Session session) {
            ExpiryRule expiry = timeToLive == null && timeToIdle == null ? null : rule();
            if (expiry == null
                    && maxEntries == null
                    && maxBytes == null
                    && consistency == null
                    && entryProcessor == null) {
                throw new RefusedException("Say what to change: --time-to-live, --time-to-idle, --max-entries,"
                        + " --max-bytes, --consistency or --entry-processor");
            }
            if (maxEntries != null && maxEntries < 0) {
                throw new RefusedException("--max-entries " + maxEntries + ": a bound is 0 for none, or more");
            }
            Consistency promise = oneOf(Consistency.SESSION, Consistency.STRONG, "--consistency", consistency);
            EntryProcessing processing =
                    oneOf(EntryProcessing.LEASED, EntryProcessing.OPTIMISTIC, "--entry-processor", entryProcessor);
            CacheInfo cache = find(session);
            CacheInfo altered = ClusterOptions.join(session.alterCache(new Request.AlterCache(
                    cache.id(), cache.revision(), expiry, maxEntries, size(maxBytes), promise, processing)));
            return new ClusterOptions.Report(
                    "cache " + name + " was " + text(cache.definition()) + System.lineSeparator() + "cache " + name
                            + " is  " + text(altered.definition()),
                    Json.object(
                            "cache", name, "revision", altered.revision(), "definition", text(altered.definition())));
        }

        /**
         * Returns the expiry rule; without a lifetime also an entry that had one lives for ever, once it is written
         * again.
         */
        private ExpiryRule rule() {
            Optional<Duration> live = lifetime("--time-to-live", timeToLive);
            Optional<Duration> idle = lifetime("--time-to-idle", timeToIdle);
            return live.isEmpty() && idle.isEmpty()
                    ? new ExpiryRule(Lifetime.ETERNAL, Lifetime.ETERNAL, Lifetime.UNCHANGED)
                    : ExpiryRule.of(live, idle);
        }

        private CacheInfo find(Session session) {
            var caches = ClusterOptions.join(session.caches());
            return caches.stream()
                    .filter(info -> info.definition().name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new RefusedException("There is no cache " + name + "; there are "
                            + caches.stream()
                                    .map(info -> info.definition().name())
                                    .collect(Collectors.joining(", "))));
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

        private static @Nullable Long size(@Nullable String text) {
            try {
                return text == null ? null : (Long) Sizes.parse(text);
            } catch (IllegalArgumentException wrong) {
                throw new RefusedException("--max-bytes: " + wrong.getMessage());
            }
        }

        /** Returns the one of two constants that is named in lower case; null if none is. */
        private static <E extends Enum<E>> @Nullable E oneOf(E one, E other, String option, @Nullable String text) {
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

        private static String word(Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT);
        }

        private static String text(CacheDefinition definition) {
            return "expiry: " + definition.expiry() + "; max-entries: " + definition.maxEntries() + "; max-bytes: "
                    + definition.maxBytes() + "; consistency: "
                    + word(definition.consistency()) + "; entry-processor: "
                    + word(definition.entryProcessing());
        }
    }
}
