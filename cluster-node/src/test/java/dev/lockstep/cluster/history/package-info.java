/** What clients did and what they were told, and whether a cache that keeps its promises can have told them that. */
@NullMarked
package dev.lockstep.cluster.history;

import org.jspecify.annotations.NullMarked;
