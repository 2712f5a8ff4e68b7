package dev.lockstep.cluster.machine;

import java.util.List;

/**
 * The effects of a batch.
 *
 * @param outcomes one for each command
 * @param changes in the order in which they happened
 */
public record Applied(List<Outcome> outcomes, List<CacheChange> changes) {}
