package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.ProposalSteps;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs reads and writes that take longer than a bound, with where the time goes: to the logger {@code dev.lockstep.slow}, a line a second at
 * most, which says how many were left out before it. Never logs keys. Thread-safe.
 */
public final class SlowRequests {

    private static final Logger LOG = LoggerFactory.getLogger("dev.lockstep.slow");
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long NEVER = Long.MAX_VALUE;

    /** Logs none, and costs nothing. */
    public static final SlowRequests NONE =
            new SlowRequests(NEVER, cache -> null, TreeMap::new, Time.system(), line -> {});

    private final long boundNanos;
    private final Time time;
    private final Consumer<String> lines;
    private final IntFunction<@Nullable CacheInfo> caches;
    private final Supplier<SortedMap<NodeId, Long>> roundTripNanos;
    private final AtomicLong nextNanos;
    private final AtomicLong leftOut = new AtomicLong();
    private final LongAdder slow = new LongAdder();

    /** @param roundTripNanos to each other node, asked when something is logged */
    public SlowRequests(
            Duration bound,
            IntFunction<@Nullable CacheInfo> caches,
            Supplier<SortedMap<NodeId, Long>> roundTripNanos,
            Time time) {
        this(bound.toNanos(), caches, roundTripNanos, time, LOG::warn);
    }

    /** @param lines takes what is logged */
    SlowRequests(
            long boundNanos,
            IntFunction<@Nullable CacheInfo> caches,
            Supplier<SortedMap<NodeId, Long>> roundTripNanos,
            Time time,
            Consumer<String> lines) {
        this.boundNanos = boundNanos;
        this.caches = caches;
        this.roundTripNanos = roundTripNanos;
        this.time = time;
        this.lines = lines;
        this.nextNanos = new AtomicLong(time.nanos());
    }

    /** Returns the time at which something begins, for later. */
    long nanos() {
        return boundNanos == NEVER ? 0 : time.nanos();
    }

    /** Returns how many reads and writes have taken longer than the bound, logged or not. */
    public long count() {
        return slow.sum();
    }

    /** Counts one that is slow, and tells whether it is to be logged. */
    private boolean isSlow(long begunNanos, long now) {
        if (now - begunNanos <= boundNanos) {
            return false;
        }
        slow.increment();
        return mayLog(now);
    }

    /**
     * A write is about to be answered.
     *
     * @param begunNanos when it came to the shard
     * @param steps how far the batch with it has come; null if none was proposed to the log
     */
    void write(int cacheId, int shard, int entries, long begunNanos, @Nullable ProposalSteps steps, Reply answer) {
        long now = nanos();
        if (isSlow(begunNanos, now)) {
            log(
                    "write",
                    cacheId,
                    shard,
                    entries + (entries == 1 ? " entry, " : " entries, ") + millis(now - begunNanos) + " ms, "
                            + (steps == null ? "never proposed to the log" : account(steps, begunNanos, now)),
                    answer);
        }
    }

    private static String account(ProposalSteps steps, long begunNanos, long now) {
        long proposed = steps.proposedNanos();
        long committed = steps.committedNanos();
        String account = millis(proposed - begunNanos) + " ms of them until it was proposed to the log, ";
        if (committed == ProposalSteps.NONE) {
            return account + millis(now - proposed) + " ms from then on";
        }
        // A majority may have it before the thread that appends says so.
        long appended =
                steps.appendedNanos() == ProposalSteps.NONE ? committed : Math.min(steps.appendedNanos(), committed);
        return account + millis(appended - proposed) + " ms until the log here had it, " + millis(committed - appended)
                + " ms until a majority had it, " + millis(now - committed) + " ms until it was applied and answered";
    }

    /**
     * A read is about to be answered.
     *
     * @param begunNanos when it came to the shard
     * @param confirmingNanos how long it has waited for the leadership to be confirmed
     */
    void read(Request.Read read, long begunNanos, long confirmingNanos, Reply answer) {
        long now = nanos();
        if (isSlow(begunNanos, now)) {
            log(
                    read instanceof Request.Get ? "get" : read instanceof Request.Scan ? "scan" : "count",
                    read.cacheId(),
                    read.shard(),
                    millis(now - begunNanos) + " ms, " + millis(confirmingNanos)
                            + " ms of them until the leadership was confirmed, "
                            + millis(now - begunNanos - confirmingNanos)
                            + " ms until the replica had caught up and had looked",
                    answer);
        }
    }

    private boolean mayLog(long now) {
        long next = nextNanos.get();
        if (now - next >= 0 && nextNanos.compareAndSet(next, now + PAUSE_NANOS)) {
            return true;
        }
        leftOut.incrementAndGet();
        return false;
    }

    private void log(String kind, int cacheId, int shard, String account, Reply answer) {
        CacheInfo cache = caches.apply(cacheId);
        long before = leftOut.getAndSet(0);
        lines.accept("Slow " + kind + ": cache "
                + (cache == null ? cacheId : cache.definition().name()) + ", shard " + shard + ", " + account
                + network()
                + (answer instanceof Reply.Refused refused ? "; refused as " + refused.status() : "")
                + (before == 0 ? "" : "; not logged before it: " + before));
    }

    private String network() {
        String roundTrips = roundTripNanos.get().entrySet().stream()
                .map(other -> other.getKey() + " " + millis(other.getValue()) + " ms")
                .collect(Collectors.joining(", "));
        return roundTrips.isEmpty() ? "" : "; round trips to other nodes: " + roundTrips;
    }

    private static long millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }
}
