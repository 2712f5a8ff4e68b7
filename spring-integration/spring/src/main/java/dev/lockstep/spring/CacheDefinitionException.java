package dev.lockstep.spring;

import javax.cache.CacheException;

/** A cache exists in the cluster with another definition than the application gives it. The message names the difference. */
public final class CacheDefinitionException extends CacheException {

    private static final long serialVersionUID = 1;

    private final String cache;

    CacheDefinitionException(String cache, Throwable cause) {
        super(cause.getMessage(), cause);
        this.cache = cache;
    }

    /** Its name. */
    public String cache() {
        return cache;
    }
}
