package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.event.ListenerThreads;
import dev.lockstep.protocol.runtime.EventLoopPool;
import dev.lockstep.protocol.session.Session;
import java.util.function.Consumer;
import javax.cache.CacheManager;

/**
 * The resources that the caches of one CacheManager share.
 *
 * @param operations the threads of all asynchronous operations
 * @param onClose tells the manager to forget a cache
 */
public record ManagerContext(
        CacheManager manager,
        Session session,
        ListenerThreads listeners,
        EventLoopPool operations,
        Consumer<SessionCache<?, ?>> onClose) {

    private static final int OPERATION_THREADS = 8;

    /** The context of a manager that begins, with threads of its own. */
    public ManagerContext(CacheManager manager, Session session, Consumer<SessionCache<?, ?>> onClose) {
        this(manager, session, new ListenerThreads(), new EventLoopPool("lockstep-async", OPERATION_THREADS), onClose);
    }
}
