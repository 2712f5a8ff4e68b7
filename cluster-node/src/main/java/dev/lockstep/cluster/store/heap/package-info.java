/** Entries on the heap. */
@NullMarked
package dev.lockstep.cluster.store.heap;

import org.jspecify.annotations.NullMarked;
