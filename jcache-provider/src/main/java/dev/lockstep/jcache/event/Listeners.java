package dev.lockstep.jcache.event;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.session.ChangeListener;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.Subscription;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.EntryChange;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.event.CacheEntryListenerException;
import javax.cache.event.EventType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache's listeners, fed by the change stream alone. Synchronous ones, for which operations wait, run on one thread at a time,
 * the others on another one, with a subscription of its own, so that neither kind holds the other up. Changes that
 * wait for a listener are bounded: beyond that the subscription is paused. Thread-safe; the lock guards the two streams.
 */
public final class Listeners<K, V> implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);
    private static final long MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
    /** The approximate overhead of a change besides its key and values. */
    private static final int CHANGE_BYTES = 100;

    /** Set while a thread runs listeners: what they do to caches waits for no further listener. */
    private static final ThreadLocal<Boolean> LISTENING = ThreadLocal.withInitial(() -> false);

    private final Session session;
    private final ListenerThreads threads;
    private final int cacheId;
    private final Cache<K, V> cache;
    private final Function<Bytes, K> key;
    private final Function<Bytes, V> value;
    private final @Nullable Consumer<Bytes> gone;
    private final List<ListenerRegistration<K, V>> registrations = new CopyOnWriteArrayList<>();
    private volatile @Nullable Stream synchronous;
    private @Nullable Stream asynchronous;

    /** The subscription of one kind of listener, with the loop that serves it. The lock guards the backlog. */
    private final class Stream implements ChangeListener {

        private final boolean synchronous;
        private final EventLoop loop;
        private final DeliveryProgress progress = new DeliveryProgress();
        private volatile @Nullable Subscription subscription;
        private long backlogBytes;
        private boolean paused;

        Stream(boolean synchronous) {
            this.synchronous = synchronous;
            this.loop = threads.open(synchronous);
        }

        void open() {
            Subscription opened = session.subscribe(cacheId, this);
            subscription = opened;
            try {
                within(opened.ready());
            } catch (CacheException failure) {
                close();
                throw failure;
            }
        }

        @Override
        public void changes(int shard, long position, List<EntryChange> changes) {
            long bytes = bytes(changes);
            arrived(bytes);
            loop.execute(() -> {
                try {
                    whileListening(() -> changes.forEach(change -> heard(shard, position, change)));
                } finally {
                    progress.reached(shard, position);
                    done(bytes);
                }
            });
        }

        private synchronized void arrived(long bytes) {
            Subscription source = subscription;
            backlogBytes += bytes;
            if (backlogBytes > MAX_BACKLOG_BYTES && source != null) {
                paused = true;
                source.pause();
            }
        }

        private void done(long bytes) {
            Subscription source = subscription;
            boolean goOn;
            synchronized (this) {
                backlogBytes -= bytes;
                goOn = paused && backlogBytes <= MAX_BACKLOG_BYTES / 2;
                paused &= !goOn;
            }
            if (goOn && source != null) {
                // Not under the lock: what is told at once takes it on another thread that holds a shard's.
                source.resume();
            }
        }

        private void heard(int shard, long position, EntryChange change) {
            tell(shard, change, synchronous, failure -> {
                if (synchronous) {
                    progress.failed(shard, position, change.key(), failure);
                } else {
                    LOG.warn("An asynchronous listener of cache {} failed", cache.getName(), failure);
                }
            });
            if (!synchronous && change.old() != null && gone != null) {
                // A caller that was given these bytes a moment ago may still want to read them, and synchronous
                // listeners to
                // hear of them.
                loop.schedule(session.timeout().multipliedBy(2).toNanos(), () -> gone.accept(change.old()));
            }
        }

        @Override
        public void gap(int shard) {
            LOG.warn(
                    "{} listeners of cache {} have missed changes of shard {}",
                    synchronous ? "Synchronous" : "Asynchronous",
                    cache.getName(),
                    shard);
        }

        void close() {
            Subscription last = subscription;
            if (last != null) {
                last.close();
            }
            progress.close();
            loop.close();
        }
    }

    private static long bytes(List<EntryChange> changes) {
        long bytes = 0;
        for (EntryChange change : changes) {
            bytes += CHANGE_BYTES
                    + change.key().size()
                    + (change.value() == null ? 0 : change.value().size())
                    + (change.old() == null ? 0 : change.old().size());
        }
        return bytes;
    }

    /**
     * @param gone takes the values that entries no longer have, once all listeners have received the event; null for
     *     none
     */
    public Listeners(
            Session session,
            ListenerThreads threads,
            int cacheId,
            Cache<K, V> cache,
            Function<Bytes, K> key,
            Function<Bytes, V> value,
            @Nullable Consumer<Bytes> gone) {
        this.session = session;
        this.threads = threads;
        this.cacheId = cacheId;
        this.cache = cache;
        this.key = key;
        this.value = value;
        this.gone = gone;
        if (gone != null) {
            asynchronous = opened(false);
        }
    }

    /** @throws IllegalArgumentException when it is registered already */
    public void refuseTwice(CacheEntryListenerConfiguration<K, V> configuration) {
        if (registrations.stream().anyMatch(known -> known.configuration().equals(configuration))) {
            throw new IllegalArgumentException(
                    "This listener is registered with cache " + cache.getName() + " already");
        }
    }

    /**
     * Lets a listener hear of what changes from now on: nothing that any client was acknowledged before this call,
     * though it may still be in flight on the stream, and everything that begins after it.
     *
     * @throws IllegalArgumentException when it is registered already
     */
    public void register(ListenerRegistration<K, V> registration) {
        List<Stream> unused;
        try {
            synchronized (this) {
                refuseTwice(registration.configuration());
                if (registration.isSynchronous() && synchronous == null) {
                    synchronous = opened(true);
                } else if (!registration.isSynchronous() && asynchronous == null) {
                    asynchronous = opened(false);
                }
                registration.from(within(session.now(cacheId)));
                registrations.add(registration);
            }
        } finally {
            unused = unused();
        }
        unused.forEach(Stream::close);
    }

    private <T> T within(CompletableFuture<T> future) {
        try {
            return future.get(session.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException failure) {
            throw new CacheException("The changes of cache " + cache.getName() + " can't be listened to", failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CacheException(
                    "Interrupted while subscribing to the changes of cache " + cache.getName(), interrupted);
        }
    }

    /**
     * Removes the streams without listeners; to be closed without the lock, for which their listeners may be waiting.
     */
    private synchronized List<Stream> unused() {
        List<Stream> unused = new ArrayList<>();
        if (synchronous != null && registrations.stream().noneMatch(ListenerRegistration::isSynchronous)) {
            unused.add(synchronous);
            synchronous = null;
        }
        if (asynchronous != null
                && gone == null
                && registrations.stream().allMatch(ListenerRegistration::isSynchronous)) {
            unused.add(asynchronous);
            asynchronous = null;
        }
        return unused;
    }

    private Stream opened(boolean ofSynchronous) {
        Stream opened = new Stream(ofSynchronous);
        opened.open();
        return opened;
    }

    /** The last listener of a kind ends the stream that it was fed by. */
    public void deregister(CacheEntryListenerConfiguration<K, V> configuration) {
        for (ListenerRegistration<K, V> registration : registrations) {
            if (registration.configuration().equals(configuration) && registrations.remove(registration)) {
                registration.close();
            }
        }
        unused().forEach(Stream::close);
    }

    /** Returns whether a write has to wait for listeners: false while none is synchronous. */
    public boolean areAwaited() {
        return synchronous != null;
    }

    /** Waits until the synchronous listeners have processed a change that this manager made. */
    public void await(int shard, long position, Bytes changed) {
        Stream current = synchronous;
        if (current == null
                || LISTENING.get()
                || registrations.stream().noneMatch(ListenerRegistration::isSynchronous)) {
            return;
        }
        CacheEntryListenerException failure = current.progress.await(shard, position, changed, session.timeout());
        if (failure != null) {
            throw failure;
        }
    }

    /** An executor whose tasks wait for listeners as the caller would: not at all, if that is a listener. */
    public Executor asCaller(Executor executor) {
        return LISTENING.get() ? task -> executor.execute(() -> whileListening(task)) : executor;
    }

    private static void whileListening(Runnable task) {
        LISTENING.set(true);
        try {
            task.run();
        } finally {
            LISTENING.set(false);
        }
    }

    private void tell(
            int shard, EntryChange change, boolean synchronous, Consumer<CacheEntryListenerException> failed) {
        EventType type = switch (change.kind()) {
            case CREATED -> EventType.CREATED;
            case UPDATED -> EventType.UPDATED;
            case REMOVED -> EventType.REMOVED;
            case EXPIRED -> EventType.EXPIRED;
            case EVICTED, CLEARED -> null;
        };
        if (type == null) {
            return;
        }
        for (ListenerRegistration<K, V> registration : registrations) {
            if (registration.isSynchronous() == synchronous && registration.hears(shard, change.version())) {
                try {
                    registration.tell(event(type, change, registration.wantsOld()));
                } catch (CacheEntryListenerException failure) {
                    failed.accept(failure);
                } catch (RuntimeException unreadable) {
                    failed.accept(new CacheEntryListenerException("A change can't be delivered", unreadable));
                }
            }
        }
    }

    /** A value that can't be read spoils only reading it: the event is told without. */
    private ChangedEntry<K, V> event(EventType type, EntryChange change, boolean withOld) {
        V old = null;
        if (withOld && change.old() != null) {
            try {
                old = value.apply(change.old());
            } catch (CacheException unreadable) {
                LOG.debug("An event of cache {} is delivered without its old value", cache.getName(), unreadable);
            }
        }
        V now = null;
        CacheException unreadable = null;
        try {
            now = change.value() == null ? null : value.apply(change.value());
        } catch (CacheException failure) {
            unreadable = failure;
        }
        return new ChangedEntry<>(cache, type, key.apply(change.key()), now, unreadable, old, withOld);
    }

    @Override
    public void close() {
        List<Stream> last = new ArrayList<>();
        synchronized (this) {
            if (synchronous != null) {
                last.add(synchronous);
            }
            if (asynchronous != null) {
                last.add(asynchronous);
            }
            synchronous = null;
            asynchronous = null;
        }
        last.forEach(Stream::close);
        registrations.forEach(ListenerRegistration::close);
        registrations.clear();
    }
}
