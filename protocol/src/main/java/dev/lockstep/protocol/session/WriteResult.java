package dev.lockstep.protocol.session;

import dev.lockstep.protocol.wire.MutationResult;

/**
 * The result of one mutation, and its place in the log.
 *
 * @param position of the log entry that carried it
 */
public record WriteResult(int shard, long position, MutationResult result) {}
