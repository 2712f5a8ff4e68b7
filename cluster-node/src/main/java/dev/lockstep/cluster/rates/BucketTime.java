package dev.lockstep.cluster.rates;

import dev.lockstep.protocol.runtime.Time;
import io.github.bucket4j.TimeMeter;

/** The time by which buckets are filled. */
record BucketTime(Time time) implements TimeMeter {

    @Override
    public long currentTimeNanos() {
        return time.nanos();
    }

    @Override
    public boolean isWallClockBased() {
        return false;
    }
}
