package dev.lockstep.cluster.rates;

import dev.lockstep.protocol.runtime.Time;
import io.github.bucket4j.Bucket;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A number of bytes that may pass in a second, a tenth of them at once. Thread-safe. */
public final class ByteRate {

    private static final ByteRate UNLIMITED = new ByteRate();

    private static final int BURSTS_A_SECOND = 10;

    private final @Nullable Bucket bytes;

    private ByteRate() {
        this.bytes = null;
    }

    /** @param bytesASecond 1 to 1,000,000,000 */
    public ByteRate(long bytesASecond, Time time) {
        this.bytes = Bucket.builder()
                .addLimit(limit -> limit.capacity(Math.max(1, bytesASecond / BURSTS_A_SECOND))
                        .refillGreedy(bytesASecond, Duration.ofSeconds(1)))
                .withCustomTimePrecision(new BucketTime(time))
                .build();
    }

    /** Returns one that holds nothing up. */
    public static ByteRate unlimited() {
        return UNLIMITED;
    }

    /** Counts bytes that pass now, and returns the time in nanoseconds until more may. */
    public long pass(long count) {
        return bytes == null || count <= 0 ? 0 : bytes.consumeIgnoringRateLimits(count);
    }
}
