package dev.lockstep.protocol.wire;

import org.jspecify.annotations.Nullable;

/**
 * The result of a {@link Mutation}.
 *
 * @param applied whether the condition held
 * @param existed whether there was a live entry before
 * @param old the value before, if it was asked for and there was one
 * @param version the entry's version now; of an absent entry the shard's last version
 * @param changes how many {@link EntryChange}s it caused: 0 when nothing changed, 2 when an entry was found expired and
 *     another was stored
 */
public record MutationResult(
        boolean applied, boolean existed, @Nullable Bytes old, long version, int changes) {}
