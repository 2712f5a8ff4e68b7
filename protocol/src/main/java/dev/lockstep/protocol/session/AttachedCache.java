package dev.lockstep.protocol.session;

import dev.lockstep.protocol.wire.CacheInfo;

/**
 * A cache that was to be created.
 *
 * @param isNew whether it certainly did not exist before; false also if the answer to a first attempt was lost
 */
public record AttachedCache(CacheInfo info, boolean isNew) {}
