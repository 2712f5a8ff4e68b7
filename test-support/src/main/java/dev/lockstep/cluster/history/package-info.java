/** Histories of clients' calls, and a checker of whether a cache that keeps its guarantees can have produced them. */
@NullMarked
package dev.lockstep.cluster.history;

import org.jspecify.annotations.NullMarked;
