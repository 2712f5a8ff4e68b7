package dev.lockstep.hibernate;

import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.Versioned;
import dev.lockstep.jcache.VersionedCache;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.hibernate.cache.CacheException;
import org.hibernate.cache.spi.RegionFactory;
import org.hibernate.cache.spi.TimestampsRegion;
import org.hibernate.cache.spi.support.AbstractRegion;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time of each table's last write. Before its transaction commits a writer leaves a lock, and takes it back
 * afterwards with a stamp of then; until that has happened, or its lease has ended, no result of a query of that table
 * is up to date. Read linearizably. Thread-safe.
 */
final class TimestampRegion extends AbstractRegion implements TimestampsRegion {

    /** Added by Hibernate to the stamps of writes that have not ended; above every stamp. */
    static final long NOT_ENDED = 1L << 60;

    private static final Logger LOG = LoggerFactory.getLogger(TimestampRegion.class);
    private static final int MAX_ATTEMPTS = 1_000;
    private static final Long OUT_OF_DATE = Long.MAX_VALUE;

    private final VersionedCache<String, String> spaces;
    private final Stamps stamps;
    private final Leases leases;
    private final Reachability reachability;
    private final boolean failOpen;

    /** @param failOpen whether transactions go on without a lock */
    TimestampRegion(
            String name,
            RegionFactory factory,
            LockstepCache<String, String> spaces,
            Stamps stamps,
            Leases leases,
            Reachability reachability,
            boolean failOpen) {
        super(name, factory);
        this.spaces = spaces.strong().versioned();
        this.stamps = stamps;
        this.leases = leases;
        this.reachability = reachability;
        this.failOpen = failOpen;
    }

    /** Null when the table was never written; when that can't be said, it was written a moment ago. */
    @Override
    public @Nullable Object getFromCache(Object space, SharedSessionContractImplementor session) {
        String key = (String) space;
        Supplier<@Nullable Long> read = () -> {
            Versioned<String> found = spaces.read(key);
            return found.value() == null ? null : lastWrite(key, SpaceStamp.parse(found.value()));
        };
        return reachability.<@Nullable Long>attempt("A read of a time stamp", read, OUT_OF_DATE);
    }

    private Long lastWrite(String space, SpaceStamp found) {
        if (found.isBeingWritten()) {
            LockItem living = leases.living(found.writers());
            if (!living.equals(found.writers())) {
                sweep(space, found.writers(), living);
            }
            return OUT_OF_DATE;
        }
        stamps.saw(found.last());
        return found.last();
    }

    /** Writers whose lease has ended count as having written now. */
    private void sweep(String space, LockItem seen, LockItem living) {
        long now = stamps.next();
        change(
                space,
                stamp -> stamp.endedAt(
                        now,
                        new LockItem(stamp.writers().holders().stream()
                                .filter(holder -> living.holders().contains(holder)
                                        || !seen.holders().contains(holder))
                                .toList())));
    }

    @Override
    public void putIntoCache(Object space, Object timestamp, SharedSessionContractImplementor session) {
        SessionScope scope = SessionScope.of(session);
        if ((Long) timestamp >= NOT_ENDED) {
            begin((String) space, scope);
        } else {
            end((String) space, scope);
        }
    }

    private void begin(String space, SessionScope scope) {
        if (scope.writes(space) != null) {
            return;
        }
        try {
            scope.writes(space, reachability.require("Noting a write of " + space, () -> {
                String lock = leases.newLock();
                change(space, stamp -> stamp.writtenBy(lock));
                return lock;
            }));
        } catch (CacheException failed) {
            if (!failOpen) {
                throw new CacheException(
                        failed.getMessage()
                                + ". The transaction can't continue: query results that it changes could stay cached",
                        failed);
            }
            LOG.warn(
                    "{}. The transaction continues, since {} is true", failed.getMessage(), LockstepSettings.FAIL_OPEN);
        }
    }

    /** Should it fail, results stay out of date until the lease has ended. */
    private void end(String space, SessionScope scope) {
        String lock = scope.writes(space);
        boolean noted = reachability.attempt(
                "Noting the end of a write of " + space,
                () -> {
                    long now = stamps.next();
                    change(
                            space,
                            stamp -> stamp.endedAt(
                                    now,
                                    lock == null
                                            ? stamp.writers()
                                            : stamp.writers().without(lock)));
                    return true;
                },
                false);
        if (!noted) {
            LOG.warn("After a transaction: the end of a write of {} could not be recorded", space);
        }
        scope.wrote(space);
    }

    private void change(String space, UnaryOperator<SpaceStamp> change) {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Versioned<String> found = spaces.read(space);
            SpaceStamp before = found.value() == null ? SpaceStamp.NEVER : SpaceStamp.parse(found.value());
            if (spaces.put(space, change.apply(before).text(), found.version(), null) != null) {
                return;
            }
        }
        throw new javax.cache.CacheException(
                "The time stamp of " + space + " could not be changed in " + MAX_ATTEMPTS + " attempts");
    }

    /** Evicts nothing: results from before a write would look up to date. */
    @Override
    public void clear() {
        LOG.debug("Time stamps are kept");
    }

    @Override
    public void destroy() {
        // The cache goes with its manager.
    }
}
