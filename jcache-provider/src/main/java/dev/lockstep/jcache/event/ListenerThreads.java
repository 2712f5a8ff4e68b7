package dev.lockstep.jcache.event;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.EventLoopPool;

/**
 * The threads that run the listeners of all caches of a CacheManager: some for the synchronous ones, for which operations wait,
 * others for the rest, so that neither kind holds the other up. Each cache has one of each at a time. Thread-safe.
 */
public final class ListenerThreads {

    private static final int OF_EACH_KIND = 4;

    private final EventLoopPool synchronous = new EventLoopPool("lockstep-listeners", OF_EACH_KIND);
    private final EventLoopPool asynchronous = new EventLoopPool("lockstep-listeners-async", OF_EACH_KIND);

    /** Opens the loop of a cache's listeners of one kind. */
    EventLoop open(boolean ofSynchronous) {
        return (ofSynchronous ? synchronous : asynchronous).open();
    }
}
