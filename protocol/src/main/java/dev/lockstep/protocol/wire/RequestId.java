package dev.lockstep.protocol.wire;

/**
 * Names one write for good: a retry carries the same id, and is applied once (promise P1).
 *
 * @param sessionHigh first half of the session's random 128-bit identity
 * @param sessionLow second half
 * @param sequence counts this session's writes <em>to one shard</em> from 1, without gaps
 * @param completedBelow every sequence below this one has been answered or given up by the client, so the shard may
 *     forget its outcome; at least 1 and at most {@code sequence}
 */
public record RequestId(long sessionHigh, long sessionLow, long sequence, long completedBelow) {}
