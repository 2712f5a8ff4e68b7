package dev.lockstep.protocol.session;

import dev.lockstep.protocol.wire.MutationResult;

/**
 * What came of one mutation, and where.
 *
 * @param position of the log entry that carried it
 */
public record WriteResult(int shard, long position, MutationResult result) {}
