package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.time.Duration;

/**
 * The surroundings that all calls of a {@link Router} share.
 *
 * @param timeout after which a call has failed
 */
record RoutingContext(
        LeaderDirectory directory,
        MemberContacts contacts,
        LeaderQueues leaderQueues,
        RequestDescriptions descriptions,
        RequestCounts counts,
        Duration timeout,
        Time time,
        EventLoop loop,
        Entropy entropy) {

    /** Counts a call that was answered now. */
    void succeeded(long begunNanos) {
        counts.succeeded(time.nanos() - begunNanos);
    }

    /** Counts a call that has failed now. */
    void failed(long begunNanos) {
        counts.failed(time.nanos() - begunNanos);
    }
}
