package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.WriteResult;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A look at the entries of a running cluster, and a change of one. */
final class EntryCommands {

    private static final int PAGE = 1_000;

    private EntryCommands() {}

    /** A cache, and one of its keys as it is typed. */
    static final class Key {

        @Parameters(index = "0", paramLabel = "<cache>", description = "The name of the cache.")
        private String cache = "";

        @Parameters(index = "1", paramLabel = "<key>", description = "The key.")
        private String key = "";

        @Option(
                names = "--key-type",
                paramLabel = "<type>",
                description =
                        "Type of the key: text, int, long, double, boolean, uuid, instant or hex (bytes). By the cache's own type unless given, or"
                                + " text.")
        private @Nullable String keyType;

        private Bytes of(CacheInfo info) {
            String type = keyType == null ? EntryText.typeOf(info.definition().keyType()) : keyType;
            return EntryText.bytes("--key-type", type, key);
        }

        /** Carries out a mutation of this key, and says whether there was an entry. */
        private Report write(Session session, CacheInfo info, Mutation mutation, String ifThere, String otherwise) {
            WriteResult written = ClusterOptions.join(session.write(info.id(), mutation, LeaseId.NONE));
            boolean existed = written.result().existed();
            return new Report(
                    existed ? ifThere : otherwise, Json.object("cache", cache, "key", key, "existed", existed));
        }
    }

    /** Looks one entry up. */
    @Command(
            name = "get",
            mixinStandardHelpOptions = true,
            description = {
                "Prints the value of a key, read from its leader. Text, numbers and the like are printed as they are, bytes as hexadecimal",
                "digits; an object of a class is named, and not loaded."
            },
            exitCodeListHeading = "Exit codes:%n",
            exitCodeList = {"0:the value is printed", "1:it failed", "2:there is no such cache", "4:there is no entry"})
    static final class Get implements Callable<Integer> {

        private static final int ABSENT = 4;

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Mixin
        private Key key = new Key();

        @Override
        public Integer call() {
            return options.run(session -> {
                CacheInfo cache = CacheCommand.find(session, key.cache);
                EntryRead entry = ClusterOptions.join(session.get(cache.id(), key.of(cache), Consistency.STRONG))
                        .entry();
                return entry == null
                        ? new Report(
                                "There is no entry of " + key.key + " in cache " + key.cache,
                                Json.object("cache", key.cache, "key", key.key, "present", false),
                                ABSENT)
                        : new Report(EntryText.text(entry.value()), json(entry));
            });
        }

        private String json(EntryRead entry) {
            boolean expires = entry.deadlineMillis() != Long.MAX_VALUE;
            return Json.object(
                    "cache",
                    key.cache,
                    "key",
                    key.key,
                    "present",
                    true,
                    "value",
                    EntryText.text(entry.value()),
                    "version",
                    entry.version(),
                    "expires",
                    expires ? Instant.ofEpochMilli(entry.deadlineMillis()).toString() : "never");
        }
    }

    /** Stores one entry. */
    @Command(
            name = "put",
            mixinStandardHelpOptions = true,
            description = {
                "Stores a value under a key, with the lifetime that the cache gives. A cache writer of an application is not called;",
                "listeners are."
            })
    static final class Put implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Mixin
        private Key key = new Key();

        @Parameters(index = "2", paramLabel = "<value>", description = "The value.")
        private String value = "";

        @Option(
                names = "--value-type",
                paramLabel = "<type>",
                description = "Type of the value, as for keys. By the cache's own type unless given, or text.")
        private @Nullable String valueType;

        @Override
        public Integer call() {
            return options.run(session -> {
                CacheInfo cache = CacheCommand.find(session, key.cache);
                String type =
                        valueType == null ? EntryText.typeOf(cache.definition().valueType()) : valueType;
                Bytes bytes = EntryText.bytes("--value-type", type, value);
                return key.write(
                        session, cache, Mutation.put(key.of(cache), bytes, Condition.ANY), "Replaced", "Created");
            });
        }
    }

    /** Removes one entry. */
    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = "Removes the entry of a key. A cache writer of an application is not called; listeners are.")
    static final class Remove implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Mixin
        private Key key = new Key();

        @Override
        public Integer call() {
            return options.run(session -> {
                CacheInfo cache = CacheCommand.find(session, key.cache);
                return key.write(
                        session, cache, Mutation.remove(key.of(cache), Condition.ANY), "Removed", "There was no entry");
            });
        }
    }

    /** Lists keys. */
    @Command(
            name = "keys",
            mixinStandardHelpOptions = true,
            description = {
                "Prints keys of a cache, shard by shard, in no order that means anything. They are read from the nearest replicas."
            })
    static final class Keys implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<cache>", description = "The name of the cache.")
        private String name = "";

        @Option(
                names = "--limit",
                paramLabel = "<number>",
                defaultValue = "100",
                description = "How many at most; 100 unless given.")
        private int limit = 100;

        @Override
        public Integer call() {
            return options.run(this::keys);
        }

        private Report keys(Session session) {
            if (limit < 1) {
                throw new RefusedException("--limit " + limit + ": at least 1");
            }
            CacheInfo cache = CacheCommand.find(session, name);
            List<String> keys = new ArrayList<>();
            for (int shard = 0; shard < session.shards() && keys.size() < limit; shard++) {
                Bytes after = null;
                boolean complete = false;
                while (!complete && keys.size() < limit) {
                    int page = Math.min(PAGE, limit - keys.size());
                    Reply.Keys found =
                            ClusterOptions.join(session.scan(cache.id(), shard, after, page, Consistency.SESSION));
                    found.keys().forEach(key -> keys.add(EntryText.text(key)));
                    complete = found.complete();
                    after = complete ? null : found.keys().get(found.keys().size() - 1);
                }
            }
            return new Report(String.join(System.lineSeparator(), keys), Json.object("cache", name, "keys", keys));
        }
    }
}
