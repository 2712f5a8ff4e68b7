package dev.lockstep.benchmarks.moves;

import java.util.Arrays;
import java.util.Collection;
import java.util.stream.IntStream;

/** The longest times without a success, shard by shard. Thread-safe. Times are those of {@link System#nanoTime}. */
final class Gaps {

    private final long[] succeeded;
    private final long[] began;
    private final long[] longest;

    /** @param since from when on they count */
    Gaps(int shards, long since) {
        succeeded = new long[shards];
        began = new long[shards];
        longest = new long[shards];
        Arrays.fill(succeeded, since);
        Arrays.fill(began, since);
    }

    /**
     * Notes a success.
     *
     * @param begun when the operation was to begin
     */
    synchronized void succeeded(int shard, long begun, long now) {
        longest[shard] = Math.max(longest[shard], now - succeeded[shard]);
        succeeded[shard] = Math.max(succeeded[shard], now);
        began[shard] = Math.max(began[shard], begun);
    }

    /** Tells whether an operation that was to begin after this time has succeeded in each of the shards. */
    synchronized boolean areServedSince(long time, Collection<Integer> shards) {
        return shards.stream().allMatch(shard -> began[shard] - time > 0);
    }

    /** The longest of all in nanoseconds, also one that has not ended now. */
    synchronized long longest(long now) {
        return IntStream.range(0, longest.length)
                .mapToLong(shard -> Math.max(longest[shard], now - succeeded[shard]))
                .max()
                .orElseThrow();
    }
}
