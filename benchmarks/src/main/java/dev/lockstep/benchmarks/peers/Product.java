package dev.lockstep.benchmarks.peers;

import javax.cache.Cache;

/** A JCache provider under test. It is started once, in a JVM of its own. */
public interface Product {

    /** Starts it in this JVM. Returns once it is usable, except that a member may still be waiting for the others. */
    Caches start(Role role, Place place) throws Exception;

    /** The caches of a running product. */
    interface Caches {

        /** Returns a cache of strings, with two synchronous copies beside the entry where there are three members. */
        Cache<String, String> open(String name) throws Exception;

        /** Tells whether all members have joined. */
        default boolean isComplete() {
            return true;
        }
    }

    /** The caches of a member that only serves clients: it opens none. */
    @FunctionalInterface
    interface Server extends Caches {

        @Override
        boolean isComplete();

        @Override
        default Cache<String, String> open(String name) {
            throw new UnsupportedOperationException("Callers are in the client's JVM");
        }
    }
}
