package dev.lockstep.hibernate;

import org.hibernate.cache.spi.QueryResultsRegion;
import org.hibernate.cache.spi.RegionFactory;
import org.hibernate.cache.spi.support.AbstractRegion;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.jspecify.annotations.Nullable;

/**
 * Results of queries. Time stamps decide whether a result may be used, so any read may be stale and any entry may be
 * lost. Thread-safe.
 */
final class QueryRegion extends AbstractRegion implements QueryResultsRegion {

    private final Values values;
    private final Codec codec;
    private final Reachability reachability;

    QueryRegion(String name, RegionFactory factory, Values values, Codec codec, Reachability reachability) {
        super(name, factory);
        this.values = values;
        this.codec = codec;
        this.reachability = reachability;
    }

    @Override
    public @Nullable Object getFromCache(Object key, SharedSessionContractImplementor session) {
        return reachability.read("A read of query region " + getName(), () -> values.get(codec.key(key)));
    }

    @Override
    public void putIntoCache(Object key, Object value, SharedSessionContractImplementor session) {
        reachability.attempt(
                "A put into query region " + getName(),
                () -> {
                    values.put(codec.key(key), value);
                    return true;
                },
                false);
    }

    @Override
    public void clear() {
        reachability.require("The eviction of query region " + getName(), () -> {
            values.clear();
            return true;
        });
    }

    @Override
    public void destroy() {
        // The cache goes with its manager.
    }
}
