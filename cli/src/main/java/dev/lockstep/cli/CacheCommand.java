package dev.lockstep.cli;

import static dev.lockstep.cli.CacheProperties.word;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.session.AttachedCache;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.Spelling;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.Consistency;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the caches of a running cluster, makes, changes, empties and destroys them. */
@Command(
        name = "cache",
        mixinStandardHelpOptions = true,
        description = "Prints the caches of a cluster; creates, changes, empties or destroys one.",
        subcommands = {
            CacheCommand.ListCaches.class,
            CacheCommand.Describe.class,
            CacheStatistics.class,
            CacheCommand.Create.class,
            CacheCommand.Alter.class,
            CacheCommand.Clear.class,
            CacheCommand.Destroy.class
        })
final class CacheCommand {

    private CacheCommand() {}

    /**
     * Finds a cache by its name.
     *
     * @throws RefusedException if there is none, naming the nearest
     */
    static CacheInfo find(Session session, String name) {
        List<String> names = new ArrayList<>();
        for (CacheInfo cache : ClusterOptions.join(session.caches())) {
            if (cache.definition().name().equals(name)) {
                return cache;
            }
            names.add(cache.definition().name());
        }
        throw new RefusedException("There is no cache " + name
                + (names.isEmpty()
                        ? ", nor any other"
                        : "; did you mean " + Spelling.nearest(name, names) + "? \"cache list\" has all of them"));
    }

    private static long entries(Session session, CacheInfo cache) {
        return ClusterOptions.join(session.size(cache.id(), Consistency.SESSION));
    }

    private static String text(CacheDefinition definition) {
        return "expiry: " + definition.expiry() + "; max-entries: " + definition.maxEntries() + "; max-bytes: "
                + definition.maxBytes() + "; consistency: " + word(definition.consistency()) + "; entry-processor: "
                + word(definition.entryProcessing());
    }

    private static String json(CacheInfo cache, long entries) {
        CacheDefinition definition = cache.definition();
        return Json.object(
                "cache",
                definition.name(),
                "id",
                cache.id(),
                "revision",
                cache.revision(),
                "entries",
                entries,
                "keyType",
                definition.keyType(),
                "valueType",
                definition.valueType(),
                "expiry",
                definition.expiry().toString(),
                "expiryPolicy",
                definition.expiryPolicy(),
                "maxEntries",
                definition.maxEntries(),
                "maxBytes",
                definition.maxBytes(),
                "consistency",
                word(definition.consistency()),
                "entryProcessor",
                word(definition.entryProcessing()));
    }

    /** One line for each cache. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Prints the caches, with the numbers of their entries.")
    static final class ListCaches implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Override
        public Integer call() {
            return options.run(ListCaches::list);
        }

        static Report list(Session session) {
            List<String> rows = new ArrayList<>();
            List<String> objects = new ArrayList<>();
            rows.add("%12s  %s".formatted("ENTRIES", "CACHE"));
            ClusterOptions.join(session.caches()).stream()
                    .sorted(Comparator.comparing(cache -> cache.definition().name()))
                    .forEach(cache -> {
                        long entries = entries(session, cache);
                        rows.add(
                                "%12d  %s".formatted(entries, cache.definition().name()));
                        objects.add(json(cache, entries));
                    });
            return new Report(
                    rows.size() == 1 ? "There are no caches" : String.join(System.lineSeparator(), rows),
                    "[" + String.join(",", objects) + "]");
        }
    }

    /** All there is to know of one cache. */
    @Command(
            name = "describe",
            mixinStandardHelpOptions = true,
            description = "Prints the definition of a cache, and the number of its entries.")
    static final class Describe implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<cache>", description = "The name of the cache.")
        private String name = "";

        @Override
        public Integer call() {
            return options.run(session -> {
                CacheInfo cache = find(session, name);
                long entries = entries(session, cache);
                CacheDefinition definition = cache.definition();
                List<String> lines = new ArrayList<>();
                lines.add("cache " + name + ", id " + cache.id() + ", revision " + cache.revision());
                lines.add("  entries:         " + entries);
                lines.add("  keys:            " + definition.keyType());
                lines.add("  values:          " + definition.valueType());
                lines.add("  expiry:          "
                        + (definition.expiryPolicy().isEmpty()
                                ? definition.expiry()
                                : "by " + definition.expiryPolicy() + ", in the applications"));
                lines.add("  max-entries:     " + (definition.maxEntries() == 0 ? "none" : definition.maxEntries()));
                lines.add("  max-bytes:       " + (definition.maxBytes() == 0 ? "none" : definition.maxBytes()));
                lines.add("  consistency:     " + word(definition.consistency()));
                lines.add("  entry-processor: " + word(definition.entryProcessing()));
                return new Report(String.join(System.lineSeparator(), lines), json(cache, entries));
            });
        }
    }

    /** A new cache. */
    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = {
                "Creates a cache, before an application does. What is not given is left to the templates of the cluster. An",
                "application that opens the cache has to declare the same types, or none."
            })
    static final class Create implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<cache>", description = "The name of the cache.")
        private String name = "";

        @Option(
                names = "--key-type",
                paramLabel = "<class>",
                defaultValue = "java.lang.Object",
                description = "Class of the keys, as applications declare it; java.lang.Object unless given.")
        private String keyType = "java.lang.Object";

        @Option(
                names = "--value-type",
                paramLabel = "<class>",
                defaultValue = "java.lang.Object",
                description = "Class of the values, as applications declare it; java.lang.Object unless given.")
        private String valueType = "java.lang.Object";

        @Mixin
        private CacheProperties properties = new CacheProperties();

        @Override
        public Integer call() {
            return options.run(this::create);
        }

        private Report create(Session session) {
            properties.check();
            CacheProposal proposal;
            try {
                proposal = new CacheProposal(
                        name,
                        keyType,
                        valueType,
                        properties.expiry(),
                        "",
                        properties.settings(),
                        CacheSettings.NOTHING,
                        "");
            } catch (IllegalArgumentException wrong) {
                throw new RefusedException(String.valueOf(wrong.getMessage()));
            }
            ClusterOptions.join(session.caches()).stream()
                    .filter(cache -> cache.definition().name().equals(name))
                    .forEach(Create::refuse);
            AttachedCache created = ClusterOptions.join(session.createCache(proposal));
            if (!created.isNew()) { // another client was faster
                refuse(created.info());
            }
            return new Report("cache " + name + " is " + text(created.info().definition()), json(created.info(), 0));
        }

        private static void refuse(CacheInfo present) {
            throw new RefusedException(
                    "There is a cache " + present.definition().name() + " already: " + text(present.definition())
                            + ". \"cache alter\" changes it");
        }
    }

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

        @Mixin
        private CacheProperties properties = new CacheProperties();

        @Override
        public Integer call() {
            return options.run(this::alter);
        }

        private Report alter(Session session) {
            if (properties.isEmpty()) {
                throw new RefusedException("Say what to change: --time-to-live, --time-to-idle, --max-entries,"
                        + " --max-bytes, --consistency or --entry-processor");
            }
            properties.check();
            CacheInfo cache = find(session, name);
            CacheInfo altered = ClusterOptions.join(session.alterCache(properties.alteration(cache)));
            return new Report(
                    "cache " + name + " was " + text(cache.definition()) + System.lineSeparator() + "cache " + name
                            + " is  " + text(altered.definition()),
                    Json.object(
                            "cache", name, "revision", altered.revision(), "definition", text(altered.definition())));
        }
    }

    /** All entries of one cache, removed. */
    @Command(
            name = "clear",
            mixinStandardHelpOptions = true,
            description = "Removes all entries of a cache, without an event for each.")
    static final class Clear implements Callable<Integer> {

        @Mixin
        private Losing losing = new Losing();

        @Override
        public Integer call() {
            return losing.run("emptied", (session, cache) -> session.clear(cache.id()));
        }
    }

    /** One cache, gone. */
    @Command(
            name = "destroy",
            mixinStandardHelpOptions = true,
            description = {
                "Destroys a cache with its entries. Applications that have it open get errors until they create it again."
            })
    static final class Destroy implements Callable<Integer> {

        @Mixin
        private Losing losing = new Losing();

        @Override
        public Integer call() {
            return losing.run("destroyed", (session, cache) -> session.destroyCache(cache.id()));
        }
    }
}
