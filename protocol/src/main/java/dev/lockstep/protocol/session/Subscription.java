package dev.lockstep.protocol.session;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.routing.RetryDecision;
import dev.lockstep.protocol.routing.Router;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The changes of a cache from all its shards, resumed by position wherever a replica answers, until closed. A slow
 * consumer pauses it: what comes meanwhile stays where it is, and is lost only if a replica keeps no more of it.
 * Thread-safe.
 */
public final class Subscription implements AutoCloseable {

    private final Router router;
    private final EventLoop loop;
    private final SessionPositions positions;
    private final int cacheId;
    private final ChangeListener listener;
    private final List<ShardStream> shards = new ArrayList<>();
    private volatile boolean closed;

    Subscription(Router router, EventLoop loop, SessionPositions positions, int cacheId, ChangeListener listener) {
        this.router = router;
        this.loop = loop;
        this.positions = positions;
        this.cacheId = cacheId;
        this.listener = listener;
        for (int shard = 0; shard < router.view().map().shards(); shard++) {
            shards.add(new ShardStream(shard));
        }
        shards.forEach(ShardStream::open);
    }

    /** Done when every shard has confirmed the subscription: changes from then on will be heard. */
    public CompletableFuture<Void> ready() {
        return CompletableFuture.allOf(shards.stream().map(shard -> shard.ready).toArray(CompletableFuture[]::new));
    }

    /** Takes no further changes, but for those being told now. May be called while changes are told. Idempotent. */
    public void pause() {
        shards.forEach(ShardStream::pause);
    }

    /** Goes on after the changes that were told last. Idempotent. */
    public void resume() {
        shards.forEach(ShardStream::resume);
    }

    @Override
    public void close() {
        closed = true;
        shards.forEach(ShardStream::end);
    }

    /** One shard's part: its stream of the moment, and where to resume. */
    private final class ShardStream {

        private final int shard;
        private final CompletableFuture<Void> ready = new CompletableFuture<>();
        private long position = -1;
        private int attempts;
        private boolean missed;
        private boolean paused;
        private @Nullable Incoming incoming;

        ShardStream(int shard) {
            this.shard = shard;
        }

        void open() {
            Incoming next = new Incoming();
            long after;
            int attempt;
            synchronized (this) {
                if (closed || paused || router.isClosed()) {
                    return;
                }
                incoming = next;
                after = position;
                attempt = attempts++;
            }
            long applied = Math.max(after, positions.position(shard));
            var request = new Request.Subscribe(cacheId, shard, after, applied);
            next.opened(router.stream(request, attempt, next));
        }

        void end() {
            Incoming last;
            synchronized (this) {
                last = incoming;
                incoming = null;
            }
            if (last != null) {
                last.unsubscribe();
            }
        }

        synchronized void pause() {
            paused = true;
        }

        void resume() {
            boolean ended;
            synchronized (this) {
                ended = paused && incoming == null;
                paused = false;
            }
            if (ended) {
                open();
            }
        }

        /**
         * Tells whether a reply of this stream is still wanted; when it is paused the stream ends, and what it says is
         * asked for later.
         */
        private boolean isWanted(Incoming stream) {
            synchronized (this) {
                if (incoming != stream) {
                    return false;
                }
                if (!paused) {
                    return true;
                }
                incoming = null;
            }
            stream.unsubscribe();
            return false;
        }

        private synchronized void reached(long newPosition) {
            position = newPosition;
            attempts = 0;
        }

        /**
         * Further changes are not delivered: the next subscription starts from then, and says that there is a gap
         * before it.
         */
        private synchronized void lost() {
            position = -1;
            missed = true;
        }

        private synchronized boolean takeMissed() {
            boolean was = missed;
            missed = false;
            return was;
        }

        /** Nothing more can come of it, as when the cache is no more. */
        private void refused(Reply.Refused refused) {
            synchronized (this) {
                incoming = null;
            }
            ready.completeExceptionally(new RequestFailedException(refused.status(), refused.message()));
        }

        /** Tries the next replica, a little later. */
        private void reopen(Incoming stream) {
            int failures;
            synchronized (this) {
                if (incoming != stream) {
                    return;
                }
                incoming = null;
                failures = Math.max(1, attempts);
            }
            loop.schedule(TimeUnit.MILLISECONDS.toNanos(RetryDecision.backOff(failures)), this::open);
        }

        /** Replies of one subscription at one node; ignored once another has taken its place. */
        private final class Incoming implements Link.ReplyHandler {

            private Router.@Nullable Stream stream;
            private boolean cancelled;

            synchronized void opened(Router.Stream opened) {
                stream = opened;
                if (cancelled) {
                    unsubscribe();
                }
            }

            synchronized void unsubscribe() {
                cancelled = true;
                if (stream != null) {
                    stream.end();
                }
            }

            @Override
            public void reply(Reply reply) {
                if (!isWanted(this)) {
                    return;
                }
                if (reply instanceof Reply.Subscribed subscribed) {
                    subscribed(subscribed.position());
                } else if (reply instanceof Reply.Changes changes) {
                    reached(changes.position());
                    listener.changes(shard, changes.position(), changes.changes());
                } else if (reply instanceof Reply.Gap) {
                    lost();
                    reopen(this);
                } else if (reply instanceof Reply.Refused refused) {
                    refused(refused);
                } else {
                    reopen(this);
                }
            }

            private void subscribed(long from) {
                reached(from);
                if (takeMissed()) {
                    listener.gap(shard);
                }
                listener.changes(shard, from, List.of());
                ready.complete(null);
            }

            private void refused(Reply.Refused refused) {
                if (refused.status() == Status.TOO_LARGE) {
                    lost();
                    unsubscribe();
                    reopen(this);
                } else if (refused.status().kind() == Status.Kind.PERMANENT) {
                    ShardStream.this.refused(refused);
                } else {
                    reopen(this);
                }
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                reopen(this);
            }
        }
    }
}
