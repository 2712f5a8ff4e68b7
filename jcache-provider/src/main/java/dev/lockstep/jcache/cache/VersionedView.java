package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.Moment;
import dev.lockstep.jcache.Version;
import dev.lockstep.jcache.Versioned;
import dev.lockstep.jcache.VersionedCache;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.PositionVector;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The versioned view of a cache: conditional mutations, without loader, writer or statistics. Thread-safe. */
final class VersionedView<K, V> implements VersionedCache<K, V> {

    private final CacheClient<K, V> client;
    private final ArgumentChecks<K, V> checks;

    VersionedView(CacheClient<K, V> client, ArgumentChecks<K, V> checks) {
        this.client = client;
        this.checks = checks;
    }

    @Override
    public Versioned<V> read(K key) {
        checks.key(key);
        Bytes bytes = client.codec().keyBytes(key);
        long before = client.lastVersionAt(client.moment(), bytes);
        LocalEntry local = client.local(bytes);
        if (local == null) {
            return client.readVersioned(bytes);
        }
        return local == LocalEntry.ABSENT
                ? new Versioned<>(null, Version.absentSince(before))
                : new Versioned<>(client.codec().value(local), Version.of(local.version()));
    }

    @Override
    public Version put(K key, V value, @Nullable Duration lifetime) {
        return Version.of(write(key, value, Condition.ANY, lifetime).version());
    }

    @Override
    public @Nullable Version put(K key, V value, Version expected, @Nullable Duration lifetime) {
        MutationResult result = write(key, value, condition(expected), lifetime);
        return result.applied() ? Version.of(result.version()) : null;
    }

    private MutationResult write(K key, V value, Condition condition, @Nullable Duration lifetime) {
        checks.entry(key, value);
        Mutation put = Mutation.put(client.codec().keyBytes(key), client.codec().valueBytes(value), condition);
        return done(lifetime == null ? put : put.living(ArgumentChecks.lifetime(lifetime)));
    }

    @Override
    public boolean remove(K key, Version expected) {
        checks.key(key);
        return done(Mutation.remove(client.codec().keyBytes(key), condition(expected)))
                .applied();
    }

    private MutationResult done(Mutation mutation) {
        return CallerThreadExecutor.run(
                client.timeout(),
                callerExecutor -> client.write(mutation, LeaseId.NONE, callerExecutor, committed -> {}));
    }

    private static Condition condition(Version expected) {
        return expected.isAbsence()
                ? new Condition.AbsentSince(expected.number())
                : new Condition.VersionIs(expected.number());
    }

    private record SeenPositions(PositionVector positions) implements Moment {}

    @Override
    public Moment moment() {
        return new SeenPositions(client.moment());
    }

    @Override
    public @Nullable Version unchangedSince(K key, Versioned<V> found, Moment moment) {
        long bound = client.lastVersionAt(
                ((SeenPositions) moment).positions(), client.codec().keyBytes(key));
        if (found.value() == null) {
            return Version.absentSince(bound);
        }
        return found.version().number() <= bound ? found.version() : null;
    }
}
