package dev.lockstep.hibernate;

import dev.lockstep.jcache.Moment;
import dev.lockstep.jcache.VersionedCache;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hibernate.cache.spi.CacheTransactionSynchronization;
import org.hibernate.cache.spi.access.SoftLock;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.jspecify.annotations.Nullable;

/**
 * The cache's state for a Hibernate session: when its transaction began, in terms of the cluster, and what it has
 * locked. Confined to its session's thread.
 */
final class SessionScope implements CacheTransactionSynchronization {

    private final VersionedCache<?, ?> cluster;
    private final Stamps stamps;
    private final Map<SoftLock, Runnable> locks = new HashMap<>();
    private final Map<String, String> spaces = new HashMap<>();
    private Moment began;
    private long stamp;

    SessionScope(VersionedCache<?, ?> cluster, Stamps stamps) {
        this.cluster = cluster;
        this.stamps = stamps;
        this.began = cluster.moment();
        this.stamp = stamps.begun();
    }

    static SessionScope of(SharedSessionContractImplementor session) {
        return (SessionScope) session.getCacheTransactionSynchronization();
    }

    /**
     * Returns a moment before the database could be asked anything in the transaction, or outside of one since the
     * last.
     */
    Moment began() {
        return began;
    }

    @Override
    public long getCachingTimestamp() {
        return stamp;
    }

    @Override
    public void transactionJoined() {
        began = cluster.moment();
        stamp = stamps.begun();
        spaces.clear();
    }

    @Override
    public void transactionCompleting() {
        // Nothing is kept back until then.
    }

    /** Hibernate gives back what it has locked before; a stateless session does not. */
    @Override
    public void transactionCompleted(boolean successful) {
        List<Runnable> left = new ArrayList<>(locks.values());
        locks.clear();
        left.forEach(Runnable::run);
    }

    /** @param release must not throw */
    void locked(SoftLock lock, Runnable release) {
        locks.put(lock, release);
    }

    void released(SoftLock lock) {
        locks.remove(lock);
    }

    /** The lock by which this session writes a table; null when it does not. */
    @Nullable
    String writes(String space) {
        return spaces.get(space);
    }

    void writes(String space, String lock) {
        spaces.put(space, lock);
    }

    void wrote(String space) {
        spaces.remove(space);
    }
}
