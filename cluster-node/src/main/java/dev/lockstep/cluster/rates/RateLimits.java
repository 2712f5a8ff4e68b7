package dev.lockstep.cluster.rates;

import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings.Rates;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Holds clients to the rates of this node: requests about entries, and their bytes with those of the answers, of each client, for
 * each cache and in
 * all. A request that comes too early waits, if that is not for long; otherwise it is refused, with the time after which it may
 * come again. What nodes
 * ask each other, and the application in the node's JVM, is not counted. Thread-safe.
 */
public final class RateLimits {

    /** The longest that a request waits here rather than at its client. */
    static final long MAX_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** The most clients, and caches, that have buckets of their own; the others share one. */
    static final int MAX_NAMED = 10_000;

    /** The tag of clients that have not said who they are. */
    public static final String NO_USER = "(none)";

    /** The users with counts of their own; the others share {@link #OTHERS}. */
    private static final int MAX_USERS = 256;

    private static final String OTHERS = "(others)";
    private static final int NO_CACHE = -1;
    private static final Pattern PORT = Pattern.compile(":\\d+$");

    private final Rates rates;
    private final Time time;
    private final EventLoop loop;
    private final TokenBuckets ofNode;
    private final Map<Integer, TokenBuckets> ofCaches = new ConcurrentHashMap<>();
    private final Map<String, Shared> ofClients = new ConcurrentHashMap<>();
    private final Map<String, Counts> users = new ConcurrentHashMap<>();

    /** The limit that has refused a request. */
    public enum Limit {
        CLIENT,
        CACHE,
        NODE
    }

    /** Counts the requests of a user. */
    public static final class Counts {

        private final LongAdder admitted = new LongAdder();
        private final Map<Limit, LongAdder> refused =
                Map.of(Limit.CLIENT, new LongAdder(), Limit.CACHE, new LongAdder(), Limit.NODE, new LongAdder());

        /** Returns how many were admitted. */
        public long admitted() {
            return admitted.sum();
        }

        /** Returns how many a limit has refused. */
        public long refused(Limit limit) {
            LongAdder count = refused.get(limit);
            return count == null ? 0 : count.sum();
        }

        private void refuse(Limit limit) {
            LongAdder count = refused.get(limit);
            if (count != null) {
                count.increment();
            }
        }
    }

    /** The buckets that all connections of a client share. */
    private static final class Shared {

        private final TokenBuckets buckets;
        private final AtomicInteger connections = new AtomicInteger();

        Shared(TokenBuckets buckets) {
            this.buckets = buckets;
        }
    }

    /** @param loop runs what has waited */
    public RateLimits(Rates rates, Time time, EventLoop loop) {
        this.rates = rates;
        this.time = time;
        this.loop = loop;
        this.ofNode = new TokenBuckets(rates.node(), time);
        users.put(NO_USER, new Counts());
    }

    /** Returns the counts of each user that has sent a request, and of clients that are none. */
    public Map<String, Counts> counts() {
        return new TreeMap<>(users);
    }

    /** A connection of a client has been opened; null if its requests are not limited. */
    public @Nullable Client connected(Identity identity) {
        if (!rates.isLimited()) {
            return null;
        }
        if (identity instanceof Identity.OfUser user) {
            return new Client("user " + user.name(), user.name());
        } else if (identity instanceof Identity.Unproven peer) {
            return new Client("address " + PORT.matcher(peer.from()).replaceFirst(""), NO_USER);
        }
        return null;
    }

    /** A connection of a client. */
    public final class Client {

        private final String name;
        private final Shared shared;
        private final Counts counts;

        private Client(String name, String user) {
            String key = ofClients.containsKey(name) || ofClients.size() < MAX_NAMED ? name : OTHERS;
            this.name = key;
            this.shared = Objects.requireNonNull(ofClients.compute(key, (same, known) -> {
                Shared one = known == null ? new Shared(new TokenBuckets(rates.client(), time)) : known;
                one.connections.incrementAndGet();
                return one;
            }));
            String counted = users.containsKey(user) || users.size() < MAX_USERS ? user : OTHERS;
            this.counts = users.computeIfAbsent(counted, none -> new Counts());
        }

        /**
         * Admits a request, now or soon.
         *
         * @param then takes null, or why it is refused
         */
        public void admit(Request request, Consumer<Reply.@Nullable Refused> then) {
            admit(request, time.nanos() + MAX_WAIT_NANOS, then);
        }

        private void admit(Request request, long untilNanos, Consumer<Reply.@Nullable Refused> then) {
            if (!isCounted(request)) {
                then.accept(null);
                return;
            }
            long size = bytes(request);
            TokenBuckets ofCache = ofCache(cacheId(request));
            Limit limit = Limit.CLIENT;
            long wait = shared.buckets.take(size);
            if (wait == 0) {
                limit = Limit.CACHE;
                wait = ofCache.take(size);
                if (wait == 0) {
                    limit = Limit.NODE;
                    wait = ofNode.take(size);
                    if (wait > 0) {
                        ofCache.giveBack(size);
                    }
                }
                if (wait > 0) {
                    shared.buckets.giveBack(size);
                }
            }
            if (wait == 0) {
                counts.admitted.increment();
                then.accept(null);
            } else if (time.nanos() + wait - untilNanos <= 0) {
                loop.schedule(wait, () -> admit(request, untilNanos, then));
            } else {
                counts.refuse(limit);
                then.accept(refused(limit, wait));
            }
        }

        private Reply.Refused refused(Limit limit, long waitNanos) {
            String what = switch (limit) {
                case CLIENT -> "client";
                case CACHE -> "cache";
                case NODE -> "node";
            };
            return new Reply.Refused(
                    Status.BUSY,
                    "The " + what + " has used up its rate (limits." + what + "-requests, limits." + what + "-bytes)",
                    TimeUnit.NANOSECONDS.toMillis(waitNanos) + 1,
                    null);
        }

        /** Counts the bytes of an answer. */
        public void answered(Request request, Reply reply) {
            long size = isCounted(request) ? bytes(reply) : 0;
            if (size > 0) {
                shared.buckets.takeAnyway(size);
                ofCache(cacheId(request)).takeAnyway(size);
                ofNode.takeAnyway(size);
            }
        }

        /** The connection is closed. Buckets that nobody uses any more go, unless they may be empty: they are full after a second. */
        public void closed() {
            shared.connections.decrementAndGet();
            loop.schedule(
                    TimeUnit.SECONDS.toNanos(2),
                    () -> ofClients.computeIfPresent(
                            name, (same, known) -> known == shared && known.connections.get() == 0 ? null : known));
        }
    }

    private TokenBuckets ofCache(int cacheId) {
        int key = ofCaches.containsKey(cacheId) || ofCaches.size() < MAX_NAMED ? cacheId : NO_CACHE;
        return ofCaches.computeIfAbsent(key, none -> new TokenBuckets(rates.cache(), time));
    }

    private static int cacheId(Request request) {
        return request instanceof Request.OfCache one ? one.cacheId() : NO_CACHE;
    }

    /** Those that give something back are none: they must not wait. */
    private static boolean isCounted(Request request) {
        return request instanceof Request.OfCache && !(request instanceof Request.Release);
    }

    private static long bytes(Request request) {
        long bytes = 0;
        if (request instanceof Request.Write write) {
            for (Mutation mutation : write.mutations()) {
                bytes += mutation.key().size()
                        + (mutation.value() == null ? 0 : mutation.value().size());
            }
        } else if (request instanceof Request.OfCache one) {
            bytes = one.keys().stream().mapToLong(key -> key.size()).sum();
        }
        return bytes;
    }

    private static long bytes(Reply reply) {
        long bytes = 0;
        if (reply instanceof Reply.Entries entries) {
            for (EntryRead entry : entries.entries()) {
                bytes += entry == null ? 0 : entry.value().size();
            }
        } else if (reply instanceof Reply.Keys keys) {
            bytes = keys.keys().stream().mapToLong(key -> key.size()).sum();
        } else if (reply instanceof Reply.Leased leased && leased.entry() != null) {
            bytes = leased.entry().value().size();
        } else if (reply instanceof Reply.Written written) {
            for (MutationResult result : written.results()) {
                bytes += result.old() == null ? 0 : result.old().size();
            }
        }
        return bytes;
    }
}
