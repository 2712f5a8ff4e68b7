package dev.lockstep.cluster.rates;

import dev.lockstep.protocol.runtime.Time;
import io.github.bucket4j.Bucket;
import org.jspecify.annotations.Nullable;

/**
 * A number of bytes that may pass on this node in a second, a tenth of them at once: a limit of its own, and its share of one for all nodes.
 * Thread-safe; the lock guards changes of the share.
 */
public final class ByteRate {

    private static final int BURSTS_A_SECOND = 10;

    private final long ofNode;
    private final long ofCluster;
    private final Time time;
    private long rate;
    private volatile @Nullable Bucket bytes;

    /**
     * @param ofNode bytes a second, up to 1,000,000,000; 0 for no limit at all
     * @param ofCluster bytes a second of all nodes together; 0 for no limit
     */
    public ByteRate(long ofNode, long ofCluster, Time time) {
        this.ofNode = ofNode;
        this.ofCluster = ofCluster;
        this.time = time;
        shareAmong(1);
    }

    /** Returns one that holds nothing up. */
    public static ByteRate unlimited() {
        return new ByteRate(0, 0, Time.system());
    }

    /** Sets this node's share of the cluster's limit, given the number of nodes. */
    public synchronized void shareAmong(int nodes) {
        long share = ofCluster == 0 ? ofNode : Math.max(1, Math.min(ofNode, ofCluster / Math.max(1, nodes)));
        if (share != rate) {
            rate = share;
            bytes = TokenBuckets.bucket(Math.max(1, share / BURSTS_A_SECOND), share, time);
        }
    }

    /** Counts bytes that pass now, and returns the time in nanoseconds until more may. */
    public long pass(long count) {
        Bucket from = bytes;
        return from == null || count <= 0 ? 0 : from.consumeIgnoringRateLimits(count);
    }
}
