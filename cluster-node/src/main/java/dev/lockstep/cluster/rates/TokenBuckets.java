package dev.lockstep.cluster.rates;

import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings.Rate;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Two buckets of tokens, for requests and for bytes, each of which holds what may pass in a second. What is larger than a bucket
 * passes when that
 * is full. Thread-safe.
 */
final class TokenBuckets {

    private static final Duration PERIOD = Duration.ofSeconds(1);

    private final Rate rate;
    private final @Nullable Bucket requests;
    private final @Nullable Bucket bytes;

    TokenBuckets(Rate rate, Time time) {
        this.rate = rate;
        this.requests = bucket(rate.requests(), time);
        this.bytes = bucket(rate.bytes(), time);
    }

    private static @Nullable Bucket bucket(long tokens, Time time) {
        return tokens == 0 ? null : bucket(tokens, tokens, time);
    }

    /** Makes a bucket that is refilled with so many tokens a second. */
    static Bucket bucket(long capacity, long tokens, Time time) {
        return Bucket.builder()
                .addLimit(limit -> limit.capacity(capacity).refillGreedy(tokens, PERIOD))
                .withCustomTimePrecision(new BucketTime(time))
                .build();
    }

    /** Takes the tokens of a request, and answers 0; or takes none, and answers the time after which there would be enough. */
    long take(long size) {
        long wait = take(requests, 1);
        if (wait > 0) {
            return wait;
        }
        wait = take(bytes, Math.min(size, rate.bytes()));
        if (wait > 0 && requests != null) {
            requests.addTokens(1);
        }
        return wait;
    }

    private static long take(@Nullable Bucket from, long tokens) {
        if (from == null || tokens == 0) {
            return 0;
        }
        ConsumptionProbe probe = from.tryConsumeAndReturnRemaining(tokens);
        return probe.isConsumed() ? 0 : Math.max(1, probe.getNanosToWaitForRefill());
    }

    /** Gives the tokens of a request back. */
    void giveBack(long size) {
        if (requests != null) {
            requests.addTokens(1);
        }
        if (bytes != null && size > 0) {
            bytes.addTokens(Math.min(size, rate.bytes()));
        }
    }

    /** Takes the tokens of an answer, which the next requests have to wait for if there are too few. */
    void takeAnyway(long size) {
        if (bytes != null && size > 0) {
            bytes.consumeIgnoringRateLimits(Math.min(size, rate.bytes()));
        }
    }
}
