package dev.lockstep.cluster.checkpoint;

/**
 * The identity of a checkpoint: two replicas that have one with the same id have the same state in it.
 *
 * @param group number of the replicated log
 * @param term of the last entry that went into it
 * @param position of that entry
 */
public record CheckpointId(int group, long term, long position) {}
