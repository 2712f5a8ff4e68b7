/** What a read has to wait for: leadership confirmed by a majority, and positions applied. */
@NullMarked
package dev.lockstep.cluster.reads;

import org.jspecify.annotations.NullMarked;
