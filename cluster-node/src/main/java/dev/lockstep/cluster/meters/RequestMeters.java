package dev.lockstep.cluster.meters;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.cluster.server.RequestObserver;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The meters of requests and removals, by cache. A request is counted before its answer is sent, so that whoever has the answer finds it counted.
 * Thread-safe.
 */
public final class RequestMeters implements RequestObserver {

    /** Caches that have meters of their own; the others share {@link #OTHERS}. */
    public static final int MAX_CACHES = 256;

    /** The tag of caches beyond the bound. */
    public static final String OTHERS = "(others)";

    /** The tag of caches that this node does not know. */
    static final String UNKNOWN = "(unknown)";

    private final NodeMeters meters;
    private final Names names;
    private final Time time;
    private final Timer forwarded;
    private final Map<String, OfCache> caches = new ConcurrentHashMap<>();

    /** The names of caches. */
    public interface Names {

        /** Returns the name of a cache, as far as this node knows it; otherwise null. */
        @Nullable
        String of(int shard, int cacheId);
    }

    private enum Operation {
        GET,
        SCAN,
        WRITE,
        LEASE;

        static Operation of(Request.OfCache request) {
            if (request instanceof Request.Get) {
                return GET;
            }
            if (request instanceof Request.Read) {
                return SCAN;
            }
            return request instanceof Request.Write || request instanceof Request.Clear ? WRITE : LEASE;
        }
    }

    public RequestMeters(NodeMeters meters, Names names, Time time) {
        this.meters = meters;
        this.names = names;
        this.time = time;
        this.forwarded = meters.timer(NodeMeter.FORWARD_LATENCY);
        of(UNKNOWN);
    }

    /** The meters of one cache. */
    private final class OfCache {

        private final Counter hits;
        private final Counter misses;
        private final Counter puts;
        private final Counter removals;
        private final Counter evictions;
        private final Counter expirations;
        private final Map<Status.Kind, Counter> failures = new EnumMap<>(Status.Kind.class);
        private final Map<Operation, Timer> latencies = new EnumMap<>(Operation.class);

        OfCache(String cache) {
            this.hits = meters.counter(NodeMeter.CACHE_GETS, cache, "hit");
            this.misses = meters.counter(NodeMeter.CACHE_GETS, cache, "miss");
            this.puts = meters.counter(NodeMeter.CACHE_PUTS, cache);
            this.removals = meters.counter(NodeMeter.CACHE_REMOVALS, cache);
            this.evictions = meters.counter(NodeMeter.CACHE_EVICTIONS, cache);
            this.expirations = meters.counter(NodeMeter.CACHE_EXPIRATIONS, cache);
            for (Status.Kind kind : Status.Kind.values()) {
                failures.put(kind, meters.counter(NodeMeter.CACHE_FAILURES, cache, word(kind)));
            }
            for (Operation operation : Operation.values()) {
                latencies.put(operation, meters.timer(NodeMeter.CACHE_REQUESTS, cache, word(operation)));
            }
        }

        void answered(Request.OfCache request, Reply reply, long nanos) {
            of(latencies, Operation.of(request)).record(nanos, TimeUnit.NANOSECONDS);
            if (reply instanceof Reply.Refused refused) {
                of(failures, refused.status().kind()).increment();
            } else if (reply instanceof Reply.Entries entries) {
                int found = 0;
                for (@Nullable EntryRead entry : entries.entries()) {
                    found += entry == null ? 0 : 1;
                }
                found(found, entries.entries().size() - found);
            } else if (reply instanceof Reply.Leased leased) {
                found(leased.entry() == null ? 0 : 1, leased.entry() == null ? 1 : 0);
            } else if (reply instanceof Reply.Written written && request instanceof Request.Write write) {
                changed(write.mutations(), written.results());
            }
        }

        private void found(long hit, long missed) {
            if (hit > 0) {
                hits.increment(hit);
            }
            if (missed > 0) {
                misses.increment(missed);
            }
        }

        private void changed(List<Mutation> mutations, List<MutationResult> results) {
            int put = 0;
            int removed = 0;
            for (int i = 0; i < results.size(); i++) {
                if (results.get(i).applied()) {
                    put += mutations.get(i).action() == Mutation.Action.PUT ? 1 : 0;
                    removed += mutations.get(i).action() == Mutation.Action.REMOVE
                                    && results.get(i).existed()
                            ? 1
                            : 0;
                }
            }
            if (put > 0) {
                puts.increment(put);
            }
            if (removed > 0) {
                removals.increment(removed);
            }
        }

        private Stream<Meter> all() {
            return Stream.of(
                            Stream.of(hits, misses, puts, removals, evictions, expirations),
                            failures.values().stream(),
                            latencies.values().stream())
                    .flatMap(some -> some);
        }

        void remove() {
            all().forEach(meters::remove);
        }
    }

    private static <K extends Enum<K>, V> V of(Map<K, V> all, K key) {
        return Objects.requireNonNull(all.get(key), "every constant has a meter");
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private OfCache of(int shard, int cacheId) {
        String name = names.of(shard, cacheId);
        return of(name == null ? UNKNOWN : name);
    }

    private OfCache of(String cache) {
        OfCache known = caches.get(cache);
        if (known != null) {
            return known;
        }
        // The bound may be exceeded by as many as come at the same moment.
        String tag = caches.size() < MAX_CACHES || cache.equals(OTHERS) ? cache : OTHERS;
        return caches.computeIfAbsent(tag, OfCache::new);
    }

    @Override
    public Consumer<Reply> served(Request.ToShard request, Consumer<Reply> reply) {
        if (!(request instanceof Request.OfCache ofCache)) {
            return reply;
        }
        long begun = time.nanos();
        return answer -> {
            of(ofCache.shard(), ofCache.cacheId()).answered(ofCache, answer, time.nanos() - begun);
            reply.accept(answer);
        };
    }

    @Override
    public void removed(int shard, CacheChange change) {
        OfCache of = of(shard, change.cacheId());
        (change.change().kind() == EntryChange.Kind.EVICTED ? of.evictions : of.expirations).increment();
    }

    @Override
    public Consumer<Reply> passedOn(Consumer<Reply> reply) {
        long begun = time.nanos();
        return answer -> {
            forwarded.record(time.nanos() - begun, TimeUnit.NANOSECONDS);
            reply.accept(answer);
        };
    }

    /** Removes the meters of caches that are no more. */
    public void retain(Set<String> existing) {
        caches.forEach((cache, known) -> {
            if (!existing.contains(cache) && !cache.equals(UNKNOWN) && !cache.equals(OTHERS)) {
                caches.remove(cache);
                known.remove();
            }
        });
    }
}
