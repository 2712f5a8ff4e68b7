package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;

/**
 * The decision after an attempt that brought no answer. Pure: the same input, the same advice.
 *
 * @param again whether to try again, with the same request id
 * @param elsewhere whether to leave the node that was asked, for the hinted leader or the next replica
 * @param delayMillis how long to wait first, before jitter
 * @param awaitsLeader whether a call to a leader has to wait until there is one
 */
public record RetryDecision(boolean again, boolean elsewhere, long delayMillis, boolean awaitsLeader) {

    private static final long FIRST_DELAY_MILLIS = 5;
    private static final long MAX_DELAY_MILLIS = 250;

    /** Decides after a refusal. */
    static RetryDecision after(Reply.Refused refused, int attempts) {
        if (refused.status().kind() == Status.Kind.PERMANENT) {
            return new RetryDecision(false, false, 0, false);
        }
        return switch (refused.status()) {
            // It was waited for as long as the caller wanted.
            case LEASE_TIMEOUT -> new RetryDecision(false, false, 0, false);
            case MOVED -> another(attempts);
            case BEHIND -> new RetryDecision(true, true, attempts == 1 ? 0 : backOff(attempts), false);
            case BUSY -> new RetryDecision(true, false, Math.max(refused.retryAfterMillis(), backOff(attempts)), false);
            default ->
                new RetryDecision(
                        true,
                        true,
                        Math.max(refused.retryAfterMillis(), backOff(attempts)),
                        refused.status() != Status.INTERNAL);
        };
    }

    /** Decides after a connection that failed, or a node that did not answer. */
    static RetryDecision afterSilence(int attempts) {
        return another(attempts);
    }

    /** Tries another node: the first time at once. */
    private static RetryDecision another(int attempts) {
        return new RetryDecision(true, true, attempts == 1 ? 0 : backOff(attempts), attempts > 1);
    }

    /** The same without the wait: there is a node that was not asked yet. */
    RetryDecision atOnce() {
        return new RetryDecision(again, elsewhere, 0, false);
    }

    /** 5, 10, 20 … 250 ms. */
    public static long backOff(int attempts) {
        return Math.min(MAX_DELAY_MILLIS, FIRST_DELAY_MILLIS << Math.min(attempts - 1, 10));
    }
}
