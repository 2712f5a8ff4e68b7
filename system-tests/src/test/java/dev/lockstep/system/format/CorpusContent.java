package dev.lockstep.system.format;

import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The content of the clusters in the corpus: what is written, and what is therefore to be read. It stays as it is, since the folders of
 * earlier versions have it; a feature that is new gets a method of its own, and the folders that have it are known by their version.
 */
final class CorpusContent {

    /** Entries of a cache that are written before a checkpoint, and again as many after it. */
    static final int HALF = 100;

    private static final int CHUNK = 25;

    static final CacheDefinition PLAIN = definition("plain", ExpiryRule.ETERNAL, 0);
    static final CacheDefinition EXPIRING =
            definition("expiring", ExpiryRule.of(Optional.of(Duration.ofDays(36_500)), Optional.empty()), 0);
    static final CacheDefinition BOUNDED = definition("bounded", ExpiryRule.ETERNAL, 100_000);
    static final CacheDefinition BOUNDED_IN_BYTES = new CacheDefinition(
            "bounded-in-bytes",
            "k",
            "v",
            ExpiryRule.ETERNAL,
            "",
            0,
            1 << 30,
            Consistency.SESSION,
            EntryProcessing.LEASED);

    static final Role ROLE = new Role("shop", Set.of(Right.MONITOR), Map.of("pl*", Set.of(Right.READ, Right.WRITE)));
    static final User USER = new User("ada", new TreeSet<>(Set.of("shop")), null);
    static final User ADMINISTRATOR = new User("root", new TreeSet<>(Set.of("administrator")), null);

    private CorpusContent() {}

    static List<CacheDefinition> caches(ClusterVersion version) {
        return version.hasMemory()
                ? List.of(PLAIN, EXPIRING, BOUNDED, BOUNDED_IN_BYTES)
                : List.of(PLAIN, EXPIRING, BOUNDED);
    }

    private static CacheDefinition definition(String name, ExpiryRule expiry, long maxEntries) {
        return new CacheDefinition(name, "k", "v", expiry, "", maxEntries, Consistency.SESSION);
    }

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }

    private static Bytes value(String name, int number, String generation) {
        return Bytes.utf8(generation + " of " + name + ", entry " + number);
    }

    /** Writes the first half, changes every third entry and removes every fifth. */
    static void writeFirstHalf(Session session) {
        for (CacheDefinition cache : caches(ClusterVersion.NEWEST)) {
            int id = session.createCache(cache).join().id();
            put(session, id, cache.name(), 0, HALF, "first value");
            List<Mutation> changes = new ArrayList<>();
            for (int i = 0; i < HALF; i++) {
                if (i % 5 == 0) {
                    changes.add(Mutation.remove(key(i), Condition.ANY));
                } else if (i % 3 == 0) {
                    changes.add(Mutation.put(key(i), value(cache.name(), i, "second value"), Condition.PRESENT));
                }
            }
            session.writeAll(id, changes).join();
        }
    }

    /** Writes the second half, and users. */
    static void writeSecondHalf(Session session) {
        for (CacheInfo cache : session.caches().join()) {
            put(session, cache.id(), cache.definition().name(), HALF, 2 * HALF, "first value");
        }
        List<AccessChange> changes = List.of(
                new AccessChange.PutRole(ROLE),
                new AccessChange.PutUser(ADMINISTRATOR, false),
                new AccessChange.PutUser(USER, false));
        for (int i = 0; i < changes.size(); i++) {
            session.changeAccess(new Request.ChangeAccess(i, changes.get(i))).join();
        }
    }

    private static void put(Session session, int id, String name, int from, int to, String generation) {
        for (int begin = from; begin < to; begin += CHUNK) {
            List<Mutation> puts = new ArrayList<>();
            for (int i = begin; i < Math.min(begin + CHUNK, to); i++) {
                puts.add(Mutation.put(key(i), value(name, i, generation), Condition.ANY));
            }
            session.writeAll(id, puts).join();
        }
    }

    /** The entries that a cache has, by their keys. */
    static Map<Bytes, Bytes> expected(CacheDefinition cache) {
        Map<Bytes, Bytes> entries = new HashMap<>();
        for (int i = 0; i < 2 * HALF; i++) {
            boolean first = i < HALF;
            if (!(first && i % 5 == 0)) {
                entries.put(key(i), value(cache.name(), i, first && i % 3 == 0 ? "second value" : "first value"));
            }
        }
        return entries;
    }

    /** The entries that a cache has of all keys that were ever written. */
    static Map<Bytes, Bytes> read(Session session, int cacheId) {
        List<Bytes> keys = new ArrayList<>();
        for (int i = 0; i < 2 * HALF; i++) {
            keys.add(key(i));
        }
        Map<Bytes, Bytes> entries = new HashMap<>();
        session.getAll(cacheId, keys, true, Consistency.STRONG)
                .join()
                .forEach((key, entry) -> entries.put(key, entry.value()));
        return entries;
    }

    /** Changes every entry, and adds those that were removed. */
    static void change(Session session, CacheInfo cache) {
        put(session, cache.id(), cache.definition().name(), 0, 2 * HALF, "last value");
    }

    /** The entries that a cache has after {@link #change}. */
    static Map<Bytes, Bytes> changed(CacheDefinition cache) {
        Map<Bytes, Bytes> entries = new HashMap<>();
        for (int i = 0; i < 2 * HALF; i++) {
            entries.put(key(i), value(cache.name(), i, "last value"));
        }
        return entries;
    }

    /** Tells whether these are the users and roles that were written. */
    static boolean isExpected(AccessRules access) {
        return access.roles().equals(Map.of("shop", ROLE))
                && access.users().equals(Map.of("ada", USER, "root", ADMINISTRATOR));
    }
}
