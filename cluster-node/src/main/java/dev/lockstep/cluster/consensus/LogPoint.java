package dev.lockstep.cluster.consensus;

/** An entry of a replicated log: which one it is, and the term it was proposed in. */
public record LogPoint(long term, long position) {}
